#include "copy-up.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../archive/copy/copy-tree.h"
#include "../../archive/outcome/shown.h"
#include "../../archive/pack/directory-names.h"
#include "../../common/cleanup.h"
#include "remove-tree.h"

static int fill(int image, int volume, bool shared, struct err *err);
static int is_empty(int directory, bool *empty, struct err *err);
static int make_copy(int image, int volume, bool shared, struct err *err);
static int move_up(int volume, int copy, struct err *err);
static int move(int from, int to, const char *name);
static int move_directory(int from, int to, const char *name);
static bool is_theirs(int error);

int copy_up(int image, int volume, bool shared, struct err *err) {
    mode_t before = umask(0);
    int failed = fill(image, volume, shared, err);
    umask(before);
    /* The engine now records that the box has started, and no later start goes on from here. */
    return failed || (syncfs(volume) && err_errno(err, "can't write the volume back")) ? -1 : 0;
}

static int fill(int image, int volume, bool shared, struct err *err) {
    bool volume_empty, image_empty;
    struct err ignored;
    cleanup_fd int left = openat(volume, COPY_FINISHED, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (left >= 0)
        return move_up(volume, left, err) || copy_attributes(image, volume, shared, err) ? -1 : 0;
    /* What of it can't be removed is something in the volume, like any other file. */
    remove_tree(volume, COPY_UNFINISHED, &ignored);
    if (is_empty(volume, &volume_empty, err) || is_empty(image, &image_empty, err))
        return -1;
    if (!volume_empty)
        return 0;
    if (!image_empty && make_copy(image, volume, shared, err)) {
        remove_tree(volume, COPY_UNFINISHED, &ignored);
        return -1;
    }
    /* The moves have changed the volume's time. */
    return copy_attributes(image, volume, shared, err);
}

static int is_empty(int directory, bool *empty, struct err *err) {
    struct directory_names names = {0};
    int failed = directory_names_read(directory, &names, err);
    *empty = names.count == 0;
    directory_names_free(&names);
    return failed;
}

/* All of it is written back before it counts as whole: a file system may keep a new name and lose new content. */
static int make_copy(int image, int volume, bool shared, struct err *err) {
    if (mkdirat(volume, COPY_UNFINISHED, 0700))
        return err_errno(err, "can't make a directory in the volume");
    cleanup_fd int copy = openat(volume, COPY_UNFINISHED, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (copy < 0)
        return err_errno(err, "can't open a directory of the volume");
    if (copy_tree(image, copy, shared, err))
        return -1;
    if (syncfs(copy) || renameat(volume, COPY_UNFINISHED, volume, COPY_FINISHED))
        return err_errno(err, "can't write the volume back");
    return move_up(volume, copy, err);
}

/* What is in the volume by now another box has made, and it stays. 9p knows no RENAME_NOREPLACE. */
static int move_up(int volume, int copy, struct err *err) {
    struct directory_names names = {0};
    struct stat there;
    struct err ignored;
    int failed = directory_names_read(copy, &names, err);
    for (size_t i = 0; !failed && i < names.count; i++) {
        const char *name = names.names[i];
        if (fstatat(volume, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        if (errno != ENOENT || move(copy, volume, name))
            failed = err_errno(err, "can't move %s into the volume", shown(name));
    }
    directory_names_free(&names);
    /* All that counts is in its place. */
    if (!failed)
        remove_tree(volume, COPY_FINISHED, &ignored);
    return failed;
}

/* A link, unlike a rename, replaces nothing that another box has made since; a host may refuse to make it. */
static int move(int from, int to, const char *name) {
    struct stat st;
    if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW))
        return -1;
    if (S_ISDIR(st.st_mode))
        return move_directory(from, to, name);
    if (linkat(from, name, to, name, 0) == 0)
        return unlinkat(from, name, 0);
    return errno == EEXIST ? 0 : renameat(from, name, to, name);
}

/* Who is not root, as the VMM on some hosts, moves only directories that it may write to. */
static int move_directory(int from, int to, const char *name) {
    struct stat st;
    if (renameat(from, name, to, name) == 0 || is_theirs(errno))
        return 0;
    if (errno != EACCES)
        return -1;
    cleanup_fd int directory = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0 || fstat(directory, &st) || fchmod(directory, 0700) || renameat(from, name, to, name))
        return -1;
    return fchmod(directory, st.st_mode & 07777);
}

/* Another box has made something of that name since: what a rename of a directory does not replace. */
static bool is_theirs(int error) { return error == EEXIST || error == ENOTEMPTY || error == ENOTDIR; }
