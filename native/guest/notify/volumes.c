#include "volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/in-root.h"

static int find(struct notify_volume *volume, const struct mount_request *request, int root, struct err *err);
static ssize_t path_of(int fd, char path[PATH_MAX]);
static int look_at(int fd, struct statx *st);

int notify_volumes_find(const struct bootstrap *message, pid_t first, struct notify_volumes *volumes, struct err *err) {
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/root", (int)first);
    cleanup_fd int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return err_errno(err, "can't open the box's root");
    for (uint32_t i = 0; i < message->mount_count && volumes->count < BL_LIMIT_MAX_SHARES; i++)
        if (message->mounts[i].notify && find(&volumes->all[volumes->count++], &message->mounts[i], root, err))
            return -1;
    return 0;
}

static int find(struct notify_volume *volume, const struct mount_request *request, int root, struct err *err) {
    struct statx st;
    char path[PATH_MAX];
    volume->root = in_root_at(root, request->target, O_PATH);
    if (volume->root < 0 || look_at(volume->root, &st) || path_of(volume->root, path) < 0 ||
        !(volume->place = strdup(path)))
        return err_errno(err, "can't find the volume at %.150s", request->target);
    volume->mount = st.stx_mnt_id;
    volume->share = request->notify - 1;
    volume->is_file = !S_ISDIR(st.stx_mode);
    volume->subpath = request->subpath;
    return 0;
}

/* One look at it: each is a round trip to the VMM. */
const struct notify_volume *notify_volume_of(const struct notify_volumes *volumes, int file, char path[PATH_MAX],
                                             struct statx *what) {
    char whole[PATH_MAX];
    if (look_at(file, what) || what->stx_nlink == 0 || path_of(file, whole) < 0)
        return NULL;
    for (uint32_t i = 0; i < volumes->count; i++) {
        const struct notify_volume *volume = &volumes->all[i];
        size_t length = strlen(volume->place);
        if (volume->mount != what->stx_mnt_id || strncmp(whole, volume->place, length) != 0 ||
            (whole[length] && whole[length] != '/'))
            continue;
        const char *below = whole + length + strspn(whole + length, "/");
        memcpy(path, below, strlen(below) + 1);
        return volume;
    }
    return NULL;
}

int notify_volume_directory(const struct notify_volume *volume, const char *path, int flags) {
    struct open_how how = {
        .flags = (unsigned)flags | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
    };
    return (int)syscall(SYS_openat2, volume->root, *path ? path : ".", &how, sizeof how);
}

static ssize_t path_of(int fd, char path[PATH_MAX]) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, PATH_MAX);
    if (size < 0 || size == PATH_MAX)
        return -1;
    path[size] = 0;
    return size;
}

static int look_at(int fd, struct statx *st) {
    unsigned wanted = STATX_MNT_ID | STATX_TYPE | STATX_NLINK | STATX_INO;
    return statx(fd, "", AT_EMPTY_PATH, wanted, st) || (st->stx_mask & wanted) != wanted ? -1 : 0;
}
