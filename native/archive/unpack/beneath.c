#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"

enum { DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static int open_part(int root, const char *part);
static int open_each(int root, char *part);

int open_beneath(int root, const char *name) {
    int directory = openat(root, ".", DIRECTORY);
    char part[PATH_MAX];
    while (directory >= 0 && *name) {
        /* As many whole components as one call takes. */
        size_t length = strlen(name);
        if (length >= sizeof part) {
            length = sizeof part - 1;
            while (length && name[length] != '/')
                length--;
            if (!length) {
                close(directory);
                errno = ENAMETOOLONG;
                return -1;
            }
        }
        memcpy(part, name, length);
        part[length] = 0;
        name += length + (name[length] == '/');
        cleanup_fd int from = directory;
        directory = open_part(from, part);
    }
    return directory;
}

static int open_part(int root, const char *part) {
    static bool without_openat2;
    struct open_how how = {.flags = DIRECTORY,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    char copy[PATH_MAX];
    for (; !without_openat2;) {
        int fd = (int)syscall(SYS_openat2, root, part, &how, sizeof how);
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM && errno != EAGAIN))
            return fd;
        /* EPERM: a sandbox whose filter does not know the call. EAGAIN: something was renamed meanwhile, so try
         * again. */
        without_openat2 = errno != EAGAIN;
    }
    memcpy(copy, part, strlen(part) + 1);
    return open_each(root, copy);
}

static int open_each(int root, char *part) {
    int directory = openat(root, ".", DIRECTORY);
    for (char *next = part; directory >= 0 && next;) {
        char *name = next, *slash = strchr(name, '/');
        if (slash)
            *slash = 0;
        next = slash ? slash + 1 : NULL;
        cleanup_fd int from = directory;
        if (strcmp(name, "..") == 0) {
            errno = EXDEV;
            return -1;
        }
        directory = openat(from, name, DIRECTORY);
    }
    return directory;
}
