#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../outcome/outcome.h"
#include "../outcome/shown.h"
#include "../outcome/stop.h"
#include "../tar/tar-reader.h"
#include "beneath.h"
#include "later.h"
#include "parents.h"
#include "place.h"
#include "write-content.h"

enum { PRIVATE_MODE = 0700, MAX_WARNINGS = 20 };

struct unpacking {
    struct tar_reader reader;
    struct place place;
    struct parents parents;
    const struct unpack_options *options;
    struct totals *totals;
    struct later_list later;
    unsigned warnings, refused_attributes;
};

/* Where one entry goes. */
struct spot {
    int directory;
    const char *base;
    const char *shown; /* the entry's whole name, for messages */
};

static int take_all(struct unpacking *to, const char *destination, struct err *err);
static int find_place(struct unpacking *to, const char *destination, const struct tar_item *first, struct err *err);
static int take(struct unpacking *to, struct tar_item *item, struct err *err);
static int make_entry(struct unpacking *to, const struct spot *spot, struct tar_item *item, struct err *err);
static int make_directory_there(struct unpacking *to, const struct spot *spot, struct tar_item *item, char *name,
                                struct err *err);
static int make_file(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err);
static int open_new(struct unpacking *to, const struct spot *spot, const struct tar_item *item, bool *in_place,
                    struct err *err);
static int make_link(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err);
static int make_node(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err);
static int clear_spot(struct unpacking *to, const struct spot *spot, struct err *err);
static int set_facts(struct unpacking *to, const struct spot *spot, const struct tar_item *item, int file,
                     struct err *err);
static int finish_directories(struct unpacking *to, struct err *err);
static int finish_some(struct unpacking *to, const char *name, struct err *err);
static int finish_directory(struct unpacking *to, const struct later *later, struct err *err);
static mode_t mode_of(const struct unpacking *to, const struct tar_item *item);
static void warn(struct unpacking *to, const char *name, const char *text);
static int failed_at(const struct spot *spot, const char *doing, struct err *err);

int unpack(int in, const char *destination, const struct unpack_options *options, struct totals *totals,
           struct err *err) {
    struct unpacking to = {
        .options = options, .totals = totals, .place = {.root = -1}, .parents = {.fd = -1}};
    struct err later_err;
    umask(0);
    int failed = tar_reader_begin(&to.reader, in, !options->foreign, options->attributes, err) ||
                 take_all(&to, destination, err);
    /* Also of what did not come whole, but at once when told to stop: until then a directory is its owner's alone. */
    if (!stop_told() && finish_directories(&to, &later_err) && !failed) {
        *err = later_err;
        failed = -1;
    }
    if (!failed && options->sync && syncfs(to.place.root))
        failed = err_errno(err, "can't write back %s", shown(destination));
    if (to.refused_attributes && options->warn)
        options->warn("some extended attributes could not be set");
    later_free(&to.later);
    parents_free(&to.parents);
    place_free(&to.place);
    tar_reader_end(&to.reader);
    return failed ? -1 : 0;
}

static int take_all(struct unpacking *to, const char *destination, struct err *err) {
    struct tar_item item;
    if (to->options->foreign && place_directory(&to->place, destination, err))
        return -1;
    to->parents.root = to->place.root;
    for (;;) {
        int found = tar_next(&to->reader, &item, err);
        if (found < 0)
            return -1;
        if (found == 0)
            return to->place.root >= 0 ? 0 : err_set(err, OUTCOME(BL_COPY_TRUNCATED), "the archive is empty");
        int failed = to->place.root < 0 && find_place(to, destination, &item, err);
        failed = failed || take(to, &item, err);
        tar_item_free(&item);
        if (failed)
            return -1;
    }
}

/* The first entry of our own archives is the source itself, by its last name alone. */
static int find_place(struct unpacking *to, const char *destination, const struct tar_item *first, struct err *err) {
    bool directory = first->kind == TAR_DIRECTORY;
    size_t length = strlen(first->name);
    while (length > 1 && first->name[length - 1] == '/')
        first->name[--length] = 0;
    bool contents = strcmp(first->name, ".") == 0;
    const char *as = to->options->as ? to->options->as : first->name;
    const char *rule = NULL;
    if (length == 0 || strchr(first->name, '/') || strcmp(first->name, "..") == 0)
        rule = "an archive can't begin with this name";
    else if (contents && strcmp(as, ".") != 0)
        rule = "the archive is of what is in a directory, which was not asked for";
    else if (!directory && (contents || strcmp(as, ".") == 0))
        rule = "it is no directory";
    else if (directory && to->options->file)
        rule = "it is a directory, where a file was asked for";
    if (rule)
        return err_set(err, OUTCOME(BL_COPY_MALFORMED), "%s: %s", shown(first->name), rule);
    if (place_find(&to->place, destination, as, first->name, directory, err))
        return -1;
    to->parents.root = to->place.root;
    return 0;
}

static int take(struct unpacking *to, struct tar_item *item, struct err *err) {
    char *name = place_name(&to->place, item->name, err);
    if (!name)
        return -1;
    to->totals->entries++;
    if (!*name) { /* the destination itself, which stays as it is */
        free(name);
        return item->kind == TAR_DIRECTORY
                   ? 0
                   : err_set(err, OUTCOME(BL_COPY_MALFORMED), "%s: it is no directory", shown(item->name));
    }
    struct spot spot = {.shown = item->name};
    spot.directory = parents_open(&to->parents, name, &spot.base, err);
    if (spot.directory < 0) {
        free(name);
        return -1;
    }
    if (item->kind == TAR_DIRECTORY)
        return make_directory_there(to, &spot, item, name, err); /* keeps the name */
    int failed = make_entry(to, &spot, item, err);
    free(name);
    return failed;
}

static int make_entry(struct unpacking *to, const struct spot *spot, struct tar_item *item, struct err *err) {
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
        warn(to, item->name, "a device node was left out");
        return 0;
    }
    return make_node(to, spot, item, err);
}

static int make_directory_there(struct unpacking *to, const struct spot *spot, struct tar_item *item, char *name,
                                struct err *err) {
    struct stat st;
    cleanup_free char *owned = name;
    if (mkdirat(spot->directory, spot->base, PRIVATE_MODE)) {
        if (errno != EEXIST)
            return failed_at(spot, "make directory", err);
        if (fstatat(spot->directory, spot->base, &st, AT_SYMLINK_NOFOLLOW))
            return failed_at(spot, "look at", err);
        if (!S_ISDIR(st.st_mode))
            return err_set(err, OUTCOME(BL_COPY_DIRECTORY_TO_FILE), "%s", shown(spot->shown));
    }
    owned = NULL;
    if (to->later.bytes > MAX_LATER_BYTES && finish_some(to, name, err)) {
        free(name);
        return -1;
    }
    return later_add(&to->later, name, item, err);
}

static int make_file(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err) {
    bool in_place = false;
    cleanup_fd int file = open_new(to, spot, item, &in_place, err);
    if (file < 0)
        return -1;
    int failed = write_content(file, &to->reader, item, to->options->direct, err) || set_facts(to, spot, item, file, err);
    if (!failed && close(take_fd(&file)))
        failed = failed_at(spot, "write", err);
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
    mode_t mode = mode_of(to, item) & 0777;
    int file = openat(spot->directory, spot->base, flags | O_CREAT | O_EXCL, mode);
    if (file >= 0 || errno != EEXIST)
        return file >= 0 ? file : failed_at(spot, "write", err);
    if (clear_spot(to, spot, err)) {
        /* A file that something is mounted on, such as /etc/hosts, can't be replaced, but be written. */
        if (err->code != EBUSY || fstatat(spot->directory, spot->base, &st, AT_SYMLINK_NOFOLLOW) ||
            !S_ISREG(st.st_mode))
            return -1;
        *in_place = true;
        file = openat(spot->directory, spot->base, flags | O_TRUNC | O_NONBLOCK);
    } else {
        file = openat(spot->directory, spot->base, flags | O_CREAT | O_EXCL, mode);
    }
    return file >= 0 ? file : failed_at(spot, "write", err);
}

/* The attack: a link to a file outside, which a later entry then writes to or changes. The earlier name is
 * looked for in the destination only, through no link, and nothing is ever changed through the new one. */
static int make_link(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err) {
    struct stat target, here;
    cleanup_free char *name = place_name(&to->place, item->link, err);
    if (!name)
        return -1;
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    cleanup_free char *parent = strndup(name, slash ? (size_t)(slash - name) : 0);
    cleanup_fd int directory = parent ? open_beneath(to->place.root, parent) : -1;
    if (directory < 0 || !*base || fstatat(directory, base, &target, AT_SYMLINK_NOFOLLOW) ||
        S_ISDIR(target.st_mode))
        return err_set(err, OUTCOME(BL_COPY_MALFORMED), "%s: it is a link to %s, which is not there",
                       shown(item->name), shown(item->link));
    if (fstatat(spot->directory, spot->base, &here, AT_SYMLINK_NOFOLLOW) == 0 && here.st_ino == target.st_ino &&
        here.st_dev == target.st_dev)
        return 0;
    if (linkat(directory, base, spot->directory, spot->base, 0) == 0)
        return 0;
    if (errno != EEXIST)
        return failed_at(spot, "link", err);
    if (clear_spot(to, spot, err))
        return -1;
    return linkat(directory, base, spot->directory, spot->base, 0) ? failed_at(spot, "link", err) : 0;
}

static int make_node(struct unpacking *to, const struct spot *spot, const struct tar_item *item, struct err *err) {
    mode_t type = item->kind == TAR_FIFO ? S_IFIFO : item->kind == TAR_CHARACTER ? S_IFCHR : S_IFBLK;
    for (int cleared = 0;; cleared = 1) {
        int failed = item->kind == TAR_SYMLINK
                         ? symlinkat(item->link, spot->directory, spot->base)
                         : mknodat(spot->directory, spot->base, type | (mode_of(to, item) & 0777),
                                   makedev(item->major, item->minor));
        if (!failed)
            return set_facts(to, spot, item, -1, err);
        if (errno == EPERM && item->kind != TAR_SYMLINK && item->kind != TAR_FIFO) {
            warn(to, item->name, "a device node can't be made here and was left out");
            return 0;
        }
        if (errno != EEXIST || cleared)
            return failed_at(spot, "make", err);
        if (clear_spot(to, spot, err))
            return -1;
    }
}

/* Takes away what is not a directory, so that what comes is new: nothing is written through an old name. */
static int clear_spot(struct unpacking *to, const struct spot *spot, struct err *err) {
    struct stat st;
    if (fstatat(spot->directory, spot->base, &st, AT_SYMLINK_NOFOLLOW))
        return failed_at(spot, "look at", err);
    if (S_ISDIR(st.st_mode))
        return err_set(err, OUTCOME(BL_COPY_FILE_TO_DIRECTORY), "%s", shown(spot->shown));
    if (to->options->keep)
        return err_set(err, OUTCOME(BL_COPY_EXISTS), "%s", shown(spot->shown));
    return unlinkat(spot->directory, spot->base, 0) && errno != ENOENT ? failed_at(spot, "replace", err) : 0;
}

/* Owner first, since that takes set-user-id and capabilities away; time last, since all else changes it. */
static int set_facts(struct unpacking *to, const struct spot *spot, const struct tar_item *item, int file,
                     struct err *err) {
    mode_t mode = mode_of(to, item);
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, item->mtime};
    bool chown_it = to->options->owners || to->parents.set_group;
    uid_t uid = to->options->owners ? item->uid : geteuid();
    gid_t gid = to->options->owners ? item->gid : getegid();
    int failed = 0;
    if (chown_it)
        failed = file >= 0 ? fchown(file, uid, gid)
                           : fchownat(spot->directory, spot->base, uid, gid, AT_SYMLINK_NOFOLLOW);
    if (failed && errno == EPERM && geteuid() != 0)
        failed = 0; /* giving files away is root's right only */
    if (!failed && file >= 0 && (mode & 07000 || chown_it || item->kind == TAR_DIRECTORY))
        failed = fchmod(file, mode);
    if (!failed && to->options->attributes) {
        errno = attributes_write(spot->directory, spot->base, &item->attributes, &to->refused_attributes);
        failed = errno ? -1 : 0;
    }
    if (!failed)
        failed = file >= 0 ? futimens(file, times)
                           : utimensat(spot->directory, spot->base, times, AT_SYMLINK_NOFOLLOW);
    return failed ? failed_at(spot, "set the owner, mode and time of", err) : 0;
}

/* Innermost first: a directory may close itself to us. */
static int finish_directories(struct unpacking *to, struct err *err) {
    int failed = 0;
    for (size_t i = to->later.count; i > 0; i--) {
        struct err each;
        if (finish_directory(to, &to->later.items[i - 1], &each) && !failed) {
            *err = each;
            failed = -1;
        }
    }
    return failed;
}

/* All that `name` is not in: our own archives don't come back to them. */
static int finish_some(struct unpacking *to, const char *name, struct err *err) {
    int failed = 0;
    for (size_t i = to->later.count; i > 0 && !failed; i--) {
        struct later *later = &to->later.items[i - 1];
        if (later_is_above(later, name))
            continue;
        failed = finish_directory(to, later, err);
        later_drop(&to->later, later);
    }
    later_close_gaps(&to->later);
    /* Each time must make room for many, or looking through them would take longer and longer. */
    if (!failed && to->later.bytes > MAX_LATER_BYTES / 2)
        return err_set(err, OUTCOME(BL_COPY_MALFORMED), "%s: the directories it is in take too much memory",
                       shown(name));
    return failed;
}

static int finish_directory(struct unpacking *to, const struct later *later, struct err *err) {
    struct spot spot = {.shown = later->name};
    spot.directory = parents_open(&to->parents, later->name, &spot.base, err);
    if (spot.directory < 0)
        return -1;
    cleanup_fd int file = openat(spot.directory, spot.base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return file < 0 ? failed_at(&spot, "open", err) : set_facts(to, &spot, &later->item, file, err);
}

static mode_t mode_of(const struct unpacking *to, const struct tar_item *item) {
    return item->mode & (to->options->privileges ? 07777 : 01777);
}

static void warn(struct unpacking *to, const char *name, const char *text) {
    char line[256];
    if (!to->options->warn || to->warnings++ > MAX_WARNINGS)
        return;
    snprintf(line, sizeof line, to->warnings > MAX_WARNINGS ? "and more" : "%s: %s", shown(name), text);
    to->options->warn(line);
}

static int failed_at(const struct spot *spot, const char *doing, struct err *err) {
    return err_errno(err, "can't %s %s", doing, shown(spot->shown));
}
