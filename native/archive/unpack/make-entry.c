#include "make-entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../outcome/outcome.h"
#include "../outcome/shown.h"
#include "beneath.h"
#include "content/write-content.h"
#include "metadata.h"

static int make_file(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err);
static int open_new(struct unpacking *to, const struct spot *spot, const struct tar_item *item, bool *in_place,
                    struct err *err);
static int make_link(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err);
static int make_node(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err);
static int clear_spot(struct unpacking *to, const struct spot *spot, struct err *err);

int make_entry(struct unpacking *to, const struct spot *spot, struct tar_item *item, struct err *err) {
    switch (item->kind) {
    case TAR_FILE:
        return make_file(to, spot, item, err);
    case TAR_HARD_LINK:
        return make_link(to, spot, item, err);
    case TAR_SYMLINK:
    case TAR_FIFO:
        break;
    default:
        if (to->options->privileges)
            break;
        unpacking_warn(to, item->name, "a device node was left out");
        return 0;
    }
    return make_node(to, spot, item, err);
}

static int make_file(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err) {
    bool in_place = false;
    cleanup_fd int file = open_new(to, spot, item, &in_place, err);
    if (file < 0)
        return -1;
    int failed = write_content(file, &to->reader.stream, item, to->options->direct, err) ||
                 set_metadata(to, spot, item, file, err);
    /* A mount's file system may be no directory's. */
    if (!failed && in_place && to->options->sync && fsync(file))
        failed = spot_failed(spot, "write back", err);
    if (!failed && close(take_fd(&file)))
        failed = spot_failed(spot, "write", err);
    if (failed && !in_place)
        unlinkat(spot->directory, spot->base, 0);
    if (!failed)
        to->totals->bytes += item->size;
    return failed;
}

static int open_new(struct unpacking *to, const struct spot *spot, const struct tar_item *item, bool *in_place,
                    struct err *err) {
    struct stat st;
    int flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC;
    mode_t mode = metadata_mode(to, item) & 0777;
    int file = openat(spot->directory, spot->base, flags | O_CREAT | O_EXCL, mode);
    if (file >= 0 || errno != EEXIST)
        return file >= 0 ? file : spot_failed(spot, "write", err);
    if (clear_spot(to, spot, err)) {
        /* A file that is a mount point, such as /etc/hosts, can't be replaced, only written. */
        if (err->code != EBUSY || fstatat(spot->directory, spot->base, &st, AT_SYMLINK_NOFOLLOW) ||
            !S_ISREG(st.st_mode))
            return -1;
        *in_place = true;
        file = openat(spot->directory, spot->base, flags | O_TRUNC | O_NONBLOCK);
    } else {
        file = openat(spot->directory, spot->base, flags | O_CREAT | O_EXCL, mode);
    }
    return file >= 0 ? file : spot_failed(spot, "write", err);
}

/* The attack: a link to a file outside, which a later entry then writes to or changes. The earlier name is looked up
 * below the destination only, through no link, and nothing is ever changed through the new one. */
static int make_link(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err) {
    struct stat target, here;
    cleanup_free char *name = place_name(&to->place, item->link, err);
    if (!name)
        return -1;
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    cleanup_free char *parent = strndup(name, slash ? (size_t)(slash - name) : 0);
    cleanup_fd int directory = parent ? open_beneath(to->place.root, parent) : -1;
    if (directory < 0 || !*base || fstatat(directory, base, &target, AT_SYMLINK_NOFOLLOW) || S_ISDIR(target.st_mode))
        return err_set(err, OUTCOME(BL_COPY_MALFORMED), "%s: it is a link to %s, which is not there", shown(item->name),
                       shown(item->link));
    if (fstatat(spot->directory, spot->base, &here, AT_SYMLINK_NOFOLLOW) == 0 && here.st_ino == target.st_ino &&
        here.st_dev == target.st_dev)
        return 0;
    if (linkat(directory, base, spot->directory, spot->base, 0) == 0)
        return 0;
    if (errno != EEXIST)
        return spot_failed(spot, "link", err);
    if (clear_spot(to, spot, err))
        return -1;
    return linkat(directory, base, spot->directory, spot->base, 0) ? spot_failed(spot, "link", err) : 0;
}

static int make_node(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err) {
    mode_t type = item->kind == TAR_FIFO ? S_IFIFO : item->kind == TAR_CHARACTER ? S_IFCHR : S_IFBLK;
    for (int cleared = 0;; cleared = 1) {
        int failed = item->kind == TAR_SYMLINK
                         ? symlinkat(item->link, spot->directory, spot->base)
                         : mknodat(spot->directory, spot->base, type | (metadata_mode(to, item) & 0777),
                                   makedev(item->major, item->minor));
        if (!failed)
            return set_metadata(to, spot, item, -1, err);
        if (errno == EPERM && item->kind != TAR_SYMLINK && item->kind != TAR_FIFO) {
            unpacking_warn(to, item->name, "a device node can't be made here and was left out");
            return 0;
        }
        if (errno != EEXIST || cleared)
            return spot_failed(spot, "make", err);
        if (clear_spot(to, spot, err))
            return -1;
    }
}

/* Removes what is not a directory, so that what comes is new: nothing is written through an old name. */
static int clear_spot(struct unpacking *to, const struct spot *spot, struct err *err) {
    struct stat st;
    if (fstatat(spot->directory, spot->base, &st, AT_SYMLINK_NOFOLLOW))
        return spot_failed(spot, "look at", err);
    if (S_ISDIR(st.st_mode))
        return err_set(err, OUTCOME(BL_COPY_FILE_TO_DIRECTORY), "%s", shown(spot->shown));
    if (to->options->keep)
        return err_set(err, OUTCOME(BL_COPY_EXISTS), "%s", shown(spot->shown));
    return unlinkat(spot->directory, spot->base, 0) && errno != ENOENT ? spot_failed(spot, "replace", err) : 0;
}
