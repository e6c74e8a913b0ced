#include "volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../common/cleanup.h"
#include "../base/descriptors.h"
#include "mounts.h"
#include "namespaces.h"

static int export_directly(struct jail *jail, struct err *err);
static int make_tree(const struct jail *jail, struct err *err);
static int bind_share(const struct jail *jail, const struct share *share, int tree, const char *name, struct err *err);
static int open_share(const struct share *share, struct stat *st, struct err *err);
static int restrict_share(const struct jail *jail, const struct share *share, int mount, struct err *err);
static int check_in_child(struct jail *jail, struct err *err);

int volumes_assemble(struct jail *jail, struct err *err) {
    const struct config *config = jail->config;
    if (config->share_count && !config_mounts_shares(config))
        return export_directly(jail, err);
    if (!config->share_count && jail->root < 0)
        return 0;
    cleanup_fd int tree = make_tree(jail, err);
    if (tree < 0)
        return -1;
    for (uint32_t i = 0; i < config->share_count; i++) {
        char name[12];
        snprintf(name, sizeof name, "%u", i);
        if (bind_share(jail, &config->shares[i], tree, name, err))
            return -1;
    }
    /* The new root becomes it as a whole. */
    if (jail->root < 0 && mounts_make_read_only(tree))
        return err_errno(err, "can't make the tree of the volumes read-only");
    descriptors_replace(jail->fds, jail->fd_count, config->share_fd, take_fd(&tree));
    return 0;
}

static int export_directly(struct jail *jail, struct err *err) {
    struct stat st;
    cleanup_fd int place = open_share(&jail->config->shares[0], &st, err);
    if (place < 0)
        return -1;
    /* Where there are mounts after all it has its own, above which there is nothing. */
    cleanup_fd int mount = jail->root < 0 ? -1 : mounts_clone(place, "");
    if (jail->root >= 0 && (mount < 0 || restrict_share(jail, &jail->config->shares[0], mount, err)))
        return mount < 0 ? err_errno(err, "can't clone the mount of volume %.120s", jail->config->shares[0].path) : -1;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", mount < 0 ? place : mount);
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return err_errno(err, "volume %.120s", jail->config->shares[0].path);
    descriptors_replace(jail->fds, jail->fd_count, jail->config->share_fd, directory);
    return 0;
}

static int make_tree(const struct jail *jail, struct err *err) {
    if (jail->root < 0)
        return mounts_make_tree(jail->config->directory, err);
    int tree = mkdirat(jail->root, "shares", 0755) ? -1
                                                   : openat(jail->root, "shares", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return tree < 0 ? err_errno(err, "can't make the tree of the volumes") : tree;
}

static int bind_share(const struct jail *jail, const struct share *share, int tree, const char *name, struct err *err) {
    struct stat st;
    cleanup_fd int source = open_share(share, &st, err);
    if (source < 0)
        return -1;
    /* As Docker does, with what is mounted below it. */
    cleanup_fd int mount = mounts_clone(source, "");
    if (mount < 0)
        return err_errno(err, "can't clone the mount of volume %.120s", share->path);
    if (restrict_share(jail, share, mount, err))
        return -1;
    if (mounts_put(mount, tree, name, S_ISDIR(st.st_mode) ? MOUNT_DIRECTORY : MOUNT_FILE))
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

/* Before the mount is reachable. The VMM can use no set-user-ID program and no device of the host; ids are mapped
 * in this mount alone, and for this VMM alone. */
static int restrict_share(const struct jail *jail, const struct share *share, int mount, struct err *err) {
    unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    if (share->flags & BL_SHARE_READ_ONLY)
        attributes |= MOUNT_ATTR_RDONLY;
    if (mounts_restrict(mount, attributes, jail->share_namespace) == 0)
        return 0;
    if (jail->share_namespace >= 0 && (errno == EINVAL || errno == EPERM))
        return err_set(err, ENOTSUP,
                       "volume %.100s: it, or what is mounted below it, is a file system that can't be given to "
                       "another user (no id-mapped mounts); take another, or run boxlite as an ordinary user",
                       share->path);
    return err_errno(err, "can't restrict the mount of volume %.120s", share->path);
}

int print_volumes_check(void) {
    struct config config = {.share_count = 1, .directory = "/"};
    struct jail jail = {.config = &config, .id = UNCHANGED_ID, .root = -1, .share_namespace = -1};
    jail.caller_user = geteuid();
    jail.caller_group = getegid();
    struct err err;
    pid_t child = namespaces_fork(&jail);
    if (child < 0) {
        err_errno(&err, "can't make a user namespace for the volumes");
        printf("%s\n", err.msg);
        return 1;
    }
    if (child == 0) {
        int failed = check_in_child(&jail, &err);
        if (failed)
            printf("%s\n", err.msg);
        fflush(stdout);
        _exit(failed ? 1 : 0);
    }
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int check_in_child(struct jail *jail, struct err *err) {
    if (namespaces_enter(jail, err) || namespaces_own_mounts(jail, err))
        return -1;
    cleanup_fd int tree = mounts_make_tree(jail->config->directory, err);
    return tree < 0 ? -1 : 0;
}
