/* boxlite-ram.so: makes a VMM use an inherited descriptor instead of opening the file again.
 *
 * QEMU before 8.2 opens a RAM file for reading and writing even when it maps it privately. A path of the
 * exact form /proc/self/fd/N then yields a duplicate of descriptor N, with the rights of N: a VMM can map a
 * template's RAM, which N opens read-only, copy-on-write, and can never write it.
 *
 * QEMU before 9.0 also opens /dev/kvm itself, which its user may have no right to; with
 * BOXLITE_KVM_FD=N it gets the shim's descriptor. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lost-name.h"
#include "special-file.h"

static bool descriptor_of(const char *path, int *fd);
static bool kvm_descriptor(const char *path, int *fd);
static int open_any(int directory, const char *path, int flags, mode_t mode);

#define PUBLIC __attribute__((visibility("default")))
#define MODE_OF(flags, mode)                                         \
    mode_t mode = 0;                                                 \
    if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) { \
        va_list args;                                                \
        va_start(args, flags);                                       \
        mode = va_arg(args, mode_t);                                 \
        va_end(args);                                                \
    }

PUBLIC int open(const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return open_any(AT_FDCWD, path, flags, mode);
}

PUBLIC int open64(const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return open_any(AT_FDCWD, path, flags, mode);
}

PUBLIC int openat(int directory, const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return open_any(directory, path, flags, mode);
}

PUBLIC int openat64(int directory, const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return open_any(directory, path, flags, mode);
}

/* FORTIFY turns an open with constant flags into these. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);

PUBLIC int __open_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
PUBLIC int __open64_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
PUBLIC int __openat_2(int directory, const char *path, int flags) { return open_any(directory, path, flags, 0); }
PUBLIC int __openat64_2(int directory, const char *path, int flags) { return open_any(directory, path, flags, 0); }

static int open_any(int directory, const char *path, int flags, mode_t mode) {
    int fd;
    if (descriptor_of(path, &fd) || kvm_descriptor(path, &fd))
        return fcntl(fd, F_DUPFD_CLOEXEC, 0);
    fd = lost_name_open(directory, path, flags, mode);
    return (flags & O_PATH) && !(flags & O_DIRECTORY) ? special_file_opened(fd) : fd;
}

/* Accepts the exact form only: digits and nothing after them, no leading zero, no overflow. */
static bool descriptor_of(const char *path, int *fd) {
    static const char prefix[] = "/proc/self/fd/";
    if (strncmp(path, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *at = path + sizeof prefix - 1;
    if (*at < '0' || *at > '9' || (at[0] == '0' && at[1]))
        return false;
    *fd = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (*fd > 100000)
            return false;
        *fd = *fd * 10 + (*at - '0');
    }
    return *at == 0;
}

static bool kvm_descriptor(const char *path, int *fd) {
    if (strcmp(path, "/dev/kvm") != 0)
        return false;
    const char *number = getenv("BOXLITE_KVM_FD");
    char *end = NULL;
    const long n = number ? strtol(number, &end, 10) : -1;
    if (n < 0 || n > 1000 || !end || *end)
        return false;
    *fd = (int)n;
    return true;
}
