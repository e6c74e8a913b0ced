#include "ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/cleanup.h"

static int open_register(const char *path, struct err *err);
static int check_owner(int fd, mode_t others, const char *path, struct err *err);
static bool is_foreign(const struct config *config, uint32_t first);
static int set_lock(int fd, short type, uint32_t range);
static bool has_process(uint32_t id);

int vmm_ids_take(const struct config *config, uint32_t *id, int *register_fd, struct err *err) {
    *id = UNCHANGED_ID;
    if (!*config->id_directory)
        return 0;
    cleanup_fd int fd = open_register(config->id_directory, err);
    if (fd < 0)
        return -1;
    /* Starts anywhere, so that what a VMM leaves behind, in /tmp for one, seldom belongs to the next. */
    uint32_t begin = 0;
    (void)!getrandom(&begin, sizeof begin, GRND_NONBLOCK);
    for (uint32_t i = 0; i < config->id_ranges; i++) {
        uint32_t range = (uint32_t)(((uint64_t)begin + i) % config->id_ranges);
        uint32_t first = config->first_id + range * BL_LIMIT_SHARE_IDS;
        if (is_foreign(config, first))
            continue;
        if (set_lock(fd, F_WRLCK, range)) {
            if (errno != EAGAIN && errno != EACCES)
                return err_errno(err, "lock a user for the VMM in %.120s", config->id_directory);
        } else if (has_process(first)) {
            set_lock(fd, F_UNLCK, range);
        } else {
            *id = first;
            *register_fd = take_fd(&fd);
            return 0;
        }
    }
    return err_set(err, EUSERS, "all %u users that VMMs may have on this host are taken", config->id_ranges);
}

/* Another user who could write here would choose whose user a VMM shares. */
static int open_register(const char *path, struct err *err) {
    if (mkdir(path, 0700) && errno != EEXIST)
        return err_errno(err, "make %.100s, where users are given to VMMs (it must be writable for root)", path);
    cleanup_fd int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return err_errno(err, "open %.100s, where users are given to VMMs", path);
    if (check_owner(directory, S_IWGRP | S_IWOTH, path, err))
        return -1;
    cleanup_fd int fd = openat(directory, "vmm-ids", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "open %.100s/vmm-ids", path);
    return check_owner(fd, S_IRWXG | S_IRWXO, path, err) ? -1 : take_fd(&fd);
}

static int check_owner(int fd, mode_t others, const char *path, struct err *err) {
    struct stat st;
    if (fstat(fd, &st))
        return err_errno(err, "look at %.100s", path);
    if (st.st_uid == geteuid() && !(st.st_mode & others) && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)))
        return 0;
    return err_set(err, EPERM, "%.100s, where users are given to VMMs, is not root's alone; remove it", path);
}

static bool is_foreign(const struct config *config, uint32_t first) {
    uint32_t last = first + (BL_LIMIT_SHARE_IDS - 1);
    for (uint32_t i = 0; i < config->foreign_count; i++)
        if (config->foreign_ids[i].first <= last && config->foreign_ids[i].last >= first)
            return true;
    return false;
}

/* A lock of the open file: closing another descriptor of the same file would release the process's own locks. */
static int set_lock(int fd, short type, uint32_t range) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = range, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock);
}

/* Only ESRCH means that there is none; every priority, -1 included, is an answer. */
static bool has_process(uint32_t id) {
    errno = 0;
    return getpriority(PRIO_USER, id) != -1 || errno != ESRCH;
}
