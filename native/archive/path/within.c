#include "within.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"

enum { MOST_TRIES = 64 };

/* The kernel gives EAGAIN for a path with ".." when something is renamed meanwhile, anywhere: try again. */
int within_open(const char *within, const char *path, int flags) {
    struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    if (!within)
        return open(path, flags | O_CLOEXEC);
    cleanup_fd int root = open(within, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int fd = -1;
    for (int tries = 0; root >= 0 && fd < 0 && tries < MOST_TRIES; tries++) {
        fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd < 0 && errno != EAGAIN)
            return -1;
    }
    return fd;
}

int within_stat(const char *within, const char *path, bool follow, struct stat *st) {
    if (!within)
        return fstatat(AT_FDCWD, path, st, follow ? 0 : AT_SYMLINK_NOFOLLOW);
    cleanup_fd int fd = within_open(within, path, O_PATH | (follow ? 0 : O_NOFOLLOW));
    return fd < 0 ? -1 : fstat(fd, st);
}
