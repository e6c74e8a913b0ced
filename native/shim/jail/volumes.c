#include "volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "volumes-user.h"

static int own_mounts(struct err *err);
static int make_tree(const char *place, struct err *err);
static int bind_all(const struct jail *jail, int tree, struct err *err);
static int bind_share(const struct jail *jail, const struct share *share, int tree, const char *name, struct err *err);
static int open_share(const struct share *share, struct stat *st, struct err *err);
static int make_mount_point(int tree, const char *name, mode_t mode, struct err *err);
static int restrict_mount(const struct jail *jail, const struct share *share, int mount, struct err *err);
static void put_in_place(struct jail *jail, int tree);
static int mount_any(const char *source, const char *target, const char *type, unsigned long flags,
                     const char *options);
static int set_attributes(int directory, const char *path, unsigned flags, struct mount_attr *attributes);

int volumes_assemble(struct jail *jail, struct err *err) {
    const struct config *config = jail->config;
    if (!config->share_count)
        return 0;
    struct stat st;
    if (config->shares[0].flags & BL_SHARE_DIRECT) {
        cleanup_fd int place = open_share(&config->shares[0], &st, err);
        if (place < 0)
            return -1;
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", place);
        int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
            return err_errno(err, "volume %.120s", config->shares[0].path);
        put_in_place(jail, directory);
        return 0;
    }
    const char *place = NULL;
    for (uint32_t i = 0; i < config->file_count; i++)
        if (config->files[i].fd == config->share_fd)
            place = config->files[i].path;
    if (volumes_user_prepare(jail, err) || own_mounts(err))
        return -1;
    int tree = make_tree(place, err);
    if (tree < 0)
        return -1;
    put_in_place(jail, tree);
    return bind_all(jail, tree, err);
}

int print_volumes_check(void) {
    struct err err;
    struct config config = {0};
    struct jail jail = {.config = &config, .id = UNCHANGED_ID, .user_namespace = -1};
    if (volumes_user_prepare(&jail, &err) == 0 && own_mounts(&err) == 0) {
        int tree = make_tree("/", &err);
        if (tree >= 0)
            return 0;
    }
    printf("%s\n", err.msg);
    return 1;
}

/* Private: no mount made here reaches the host, and none that the host makes later reaches the box. */
static int own_mounts(struct err *err) {
    if (unshare(CLONE_NEWNS))
        return err_errno(err, "can't make a mount namespace for the volumes");
    if (mount_any(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return err_errno(err, "can't make the mounts of the volumes private");
    return 0;
}

/* Mounts over a directory that is empty, in this namespace only. It holds nothing but mount points. */
static int make_tree(const char *place, struct err *err) {
    if (mount_any("shares", place, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=1m"))
        return err_errno(err, "can't mount the tree of the volumes");
    int tree = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tree < 0)
        return err_errno(err, "can't open the tree of the volumes");
    return tree;
}

static int bind_all(const struct jail *jail, int tree, struct err *err) {
    const struct config *config = jail->config;
    for (uint32_t i = 0; i < config->share_count; i++) {
        char name[12];
        snprintf(name, sizeof name, "%u", i);
        if (bind_share(jail, &config->shares[i], tree, name, err))
            return -1;
    }
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    if (set_attributes(tree, "", AT_EMPTY_PATH, &read_only))
        return err_errno(err, "can't make the tree of the volumes read-only");
    return 0;
}

static int bind_share(const struct jail *jail, const struct share *share, int tree, const char *name, struct err *err) {
    struct stat st;
    cleanup_fd int source = open_share(share, &st, err);
    if (source < 0)
        return -1;
    if (make_mount_point(tree, name, st.st_mode, err))
        return -1;
    /* With what is mounted below it, as Docker does; a user other than root may not leave that out either. */
    cleanup_fd int mount = (int)syscall(SYS_open_tree, source, "",
                                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    if (mount < 0)
        return err_errno(err, "can't clone the mount of volume %.120s", share->path);
    if (restrict_mount(jail, share, mount, err))
        return -1;
    if (syscall(SYS_move_mount, mount, "", tree, name, MOVE_MOUNT_F_EMPTY_PATH))
        return err_errno(err, "can't mount volume %.120s", share->path);
    return 0;
}

/* The engine resolved the path when it created the box. A link in it is newer, and may come from another box that
 * can write to one of its directories and wants what lies elsewhere. */
static int open_share(const struct share *share, struct stat *st, struct err *err) {
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
    cleanup_fd int fd = (int)syscall(SYS_openat2, AT_FDCWD, share->path, &how, sizeof how);
    if (fd < 0 && errno == ELOOP)
        return err_set(err, ELOOP, "volume %.120s: its path has a symbolic link since the box was made", share->path);
    if (fd < 0 || fstat(fd, st))
        return err_errno(err, "volume %.120s", share->path);
    if (!S_ISDIR(st->st_mode) && !(S_ISREG(st->st_mode) && !(share->flags & BL_SHARE_DIRECT)))
        return err_set(err, ENOTSUP, "volume %.120s: it is neither a directory nor a regular file", share->path);
    return take_fd(&fd);
}

static int make_mount_point(int tree, const char *name, mode_t mode, struct err *err) {
    if (S_ISDIR(mode))
        return mkdirat(tree, name, 0755) ? err_errno(err, "can't make a mount point for the volumes") : 0;
    cleanup_fd int file = openat(tree, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return file < 0 ? err_errno(err, "can't make a mount point for the volumes") : 0;
}

/* Before the mount is reachable. The VMM can use no set-user-ID program and no device of the host; ids are mapped
 * in this mount alone, and for this VMM alone. */
static int restrict_mount(const struct jail *jail, const struct share *share, int mount, struct err *err) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
    if (share->flags & BL_SHARE_READ_ONLY)
        attributes.attr_set |= MOUNT_ATTR_RDONLY;
    if (jail->user_namespace >= 0) {
        attributes.attr_set |= MOUNT_ATTR_IDMAP;
        attributes.userns_fd = (unsigned)jail->user_namespace;
    }
    if (set_attributes(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes) == 0)
        return 0;
    if (jail->user_namespace >= 0 && (errno == EINVAL || errno == EPERM))
        return err_set(err, ENOTSUP,
                       "volume %.100s: it, or what is mounted below it, is a file system that can't be given to "
                       "another user (no id-mapped mounts); take another, or run boxlite as an ordinary user",
                       share->path);
    return err_errno(err, "can't restrict the mount of volume %.120s", share->path);
}

/* The descriptor that it replaces closes at exec with all others that have no place. */
static void put_in_place(struct jail *jail, int tree) {
    for (uint32_t i = 0; i < jail->fd_count; i++)
        if (jail->fds[i].to == jail->config->share_fd)
            jail->fds[i].from = tree;
}

/* By number: the C library's header for these conflicts with the kernel's, and older libraries lack them. */
static int mount_any(const char *source, const char *target, const char *type, unsigned long flags,
                     const char *options) {
    return (int)syscall(SYS_mount, source, target, type, flags, options);
}

static int set_attributes(int directory, const char *path, unsigned flags, struct mount_attr *attributes) {
    return (int)syscall(SYS_mount_setattr, directory, path, flags, attributes, sizeof *attributes);
}
