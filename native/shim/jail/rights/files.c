#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../common/cleanup.h"
#include "../../../common/landlock.h"

/* As far as the kernel's mounts and the owners of files let it; who may not make devices is told so by these. */
#define OF_SHARES ((uint64_t)LANDLOCK_ALL & ~(uint64_t)(LANDLOCK_EXECUTE | LANDLOCK_IOCTL_DEV))

static int allow_all(const struct jail *jail, const struct landlock *landlock, struct err *err);
static int allow_paths(const struct config *config, const struct landlock *landlock, struct err *err);
static int allow_files(const struct config *config, const struct landlock *landlock, struct err *err);
static uint64_t rights_to(const struct passed_file *file, mode_t mode);

int files_restrict(struct jail *jail, struct err *err) {
    if (!(jail->walls & BL_WALL_LANDLOCK))
        return 0;
    struct landlock landlock = {0};
    if (landlock_begin(&landlock))
        return err_errno(err, "this kernel has no Landlock");
    if (allow_all(jail, &landlock, err))
        return -1;
    return landlock_enforce(&landlock) ? err_errno(err, "can't restrict the VMM by Landlock") : 0;
}

static int allow_all(const struct jail *jail, const struct landlock *landlock, struct err *err) {
    const struct config *config = jail->config;
    if (allow_paths(config, landlock, err) || allow_files(config, landlock, err))
        return -1;
    /* Without mounts nothing else keeps what is read-only. */
    const bool only_read = config->share_count && !config_mounts_shares(config) &&
                           (config->shares[0].flags & BL_SHARE_READ_ONLY);
    const uint64_t of_shares = only_read ? LANDLOCK_READ_FILE | LANDLOCK_READ_DIR : OF_SHARES;
    if (config->share_count && landlock_allow(landlock, config->share_fd, of_shares))
        return err_errno(err, "can't allow the VMM its volumes");
    if (*config->preload && landlock_allow(landlock, PRELOAD_FD, LANDLOCK_EXECUTE | LANDLOCK_READ_FILE))
        return err_errno(err, "can't allow the VMM its interposer");
    return 0;
}

/* Devices among them are those that anybody may write to. */
static int allow_paths(const struct config *config, const struct landlock *landlock, struct err *err) {
    for (uint32_t i = 0; i < config->root_count; i++) {
        const char *path = config->roots[i];
        struct stat st;
        cleanup_fd int fd = open(path, O_PATH | O_CLOEXEC);
        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
            continue;
        if (fd < 0 || fstat(fd, &st))
            return err_errno(err, "look at %.150s", path);
        uint64_t rights = S_ISDIR(st.st_mode)   ? LANDLOCK_READ
                          : S_ISCHR(st.st_mode) ? LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE
                                                : LANDLOCK_READ & LANDLOCK_OF_A_FILE;
        if (landlock_allow(landlock, fd, rights))
            return err_errno(err, "can't allow the VMM %.150s", path);
    }
    return 0;
}

/* QEMU opens some of its descriptors again, by /proc/self/fd. */
static int allow_files(const struct config *config, const struct landlock *landlock, struct err *err) {
    for (uint32_t i = 0; i < config->file_count; i++) {
        const struct passed_file *file = &config->files[i];
        struct stat st;
        if (fstat(file->fd, &st))
            return err_errno(err, "look at %.150s", file->path);
        if (landlock_allow(landlock, file->fd, rights_to(file, st.st_mode)))
            return err_errno(err, "can't allow the VMM %.150s", file->path);
    }
    return 0;
}

static uint64_t rights_to(const struct passed_file *file, mode_t mode) {
    if (S_ISDIR(mode))
        return LANDLOCK_READ_DIR;
    if (file->flags == BL_SHIM_FILE_WRITE)
        return LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE | LANDLOCK_TRUNCATE | LANDLOCK_IOCTL_DEV;
    return LANDLOCK_READ_FILE;
}
