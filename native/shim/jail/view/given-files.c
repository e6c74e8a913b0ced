#include "given-files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../common/cleanup.h"
#include "mounts.h"

static const char *path_of(const struct config *config, int fd);
static int reopen(struct placed_fd *placed, const struct stat *st, const char *path, struct err *err);

int given_files_reopen(struct jail *jail, struct err *err) {
    if (!(jail->walls & BL_WALL_ROOT))
        return 0;
    for (uint32_t i = 0; i < jail->fd_count; i++) {
        struct placed_fd *placed = &jail->fds[i];
        const char *path = path_of(jail->config, placed->to);
        struct stat st;
        /* The shares' tree takes the place of their directory. */
        if (!path || placed->to == jail->config->share_fd)
            continue;
        if (fstat(placed->from, &st))
            return err_errno(err, "look at %.150s", path);
        if (reopen(placed, &st, path, err))
            return -1;
    }
    return 0;
}

/* NULL: no file of the host's, or one that is to be written. */
static const char *path_of(const struct config *config, int fd) {
    if (fd == PRELOAD_FD)
        return config->preload;
    for (uint32_t i = 0; i < config->file_count; i++)
        if (config->files[i].fd == fd)
            return config->files[i].flags == BL_SHIM_FILE_WRITE ? NULL : config->files[i].path;
    return NULL;
}

static int reopen(struct placed_fd *placed, const struct stat *st, const char *path, struct err *err) {
    /* The shim's descriptor is of the host's mounts, which can't be cloned here. */
    cleanup_fd int mount = mounts_clone(AT_FDCWD, path);
    if (mount < 0 || mounts_restrict(mount, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, -1))
        return err_errno(err, "can't clone the mount of %.150s", path);
    char by_descriptor[64];
    snprintf(by_descriptor, sizeof by_descriptor, "/proc/self/fd/%d", mount);
    cleanup_fd int again = open(by_descriptor, O_RDONLY | O_CLOEXEC | (S_ISDIR(st->st_mode) ? O_DIRECTORY : 0));
    struct stat now;
    if (again < 0 || fstat(again, &now))
        return err_errno(err, "open %.150s once more", path);
    if (now.st_dev != st->st_dev || now.st_ino != st->st_ino)
        return err_set(err, ESTALE, "%.150s has just been replaced", path);
    placed->from = take_fd(&again);
    return 0;
}
