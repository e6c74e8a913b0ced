#include "lost-name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "open-files.h"

#define PUBLIC __attribute__((visibility("default")))

/* Where in QEMU names are looked up. One place is enough for QEMU 7.2. */
enum { MOST_PLACES = 4 };
static void *_Atomic lookups[MOST_PLACES];

/* What this thread has looked at, and has not opened since. */
static _Thread_local struct {
    void *place;
    int directory;
    const char *name;
} last;

static int look(void *place, int directory, const char *name, struct stat *st, int flags);
static bool looks_up(const void *place);
static void add_lookup(void *place);
static int reopen(int fd, int flags);
static int release(int fd, int result);

int lost_name_open(int directory, const char *name, int flags, mode_t mode) {
    int fd = (int)syscall(SYS_openat, directory, name, flags, mode);
    if (directory == AT_FDCWD || (flags & O_DIRECTORY))
        return fd;
    if ((flags & O_PATH) && directory == last.directory && name == last.name)
        last.place = NULL;
    if (fd < 0 && errno == ENOENT && !(flags & O_CREAT)) {
        int open_one = open_files_find(directory, name);
        if (open_one >= 0)
            fd = release(open_one, reopen(open_one, flags));
    }
    if (!(flags & O_PATH))
        open_files_add(fd, directory, name);
    return fd;
}

PUBLIC int close(int fd) {
    open_files_remove(fd);
    return (int)syscall(SYS_close, fd);
}

PUBLIC int renameat(int from_directory, const char *from, int to_directory, const char *to) {
    int result = (int)syscall(SYS_renameat, from_directory, from, to_directory, to);
    if (result == 0)
        open_files_rename(from_directory, from, to_directory, to);
    return result;
}

PUBLIC int fchownat(int directory, const char *name, uid_t user, gid_t group, int flags) {
    int result = (int)syscall(SYS_fchownat, directory, name, user, group, flags);
    int open_one = result && errno == ENOENT ? open_files_find(directory, name) : -1;
    return open_one < 0 ? result : release(open_one, fchown(open_one, user, group));
}

PUBLIC int utimensat(int directory, const char *name, const struct timespec times[2], int flags) {
    int result = (int)syscall(SYS_utimensat, directory, name, times, flags);
    int open_one = result && errno == ENOENT ? open_files_find(directory, name) : -1;
    return open_one < 0 ? result : release(open_one, futimens(open_one, times));
}

PUBLIC int fstatat(int directory, const char *name, struct stat *st, int flags) {
    return look(__builtin_return_address(0), directory, name, st, flags);
}

int fstatat64(int directory, const char *name, struct stat64 *st, int flags);
PUBLIC int fstatat64(int directory, const char *name, struct stat64 *st, int flags) {
    _Static_assert(sizeof(struct stat) == sizeof(struct stat64), "x86-64 has one struct stat");
    return look(__builtin_return_address(0), directory, name, (struct stat *)st, flags);
}

/* QEMU calls this to look a name up and, before it sets a mode, to see that the file is no link. Only the latter may
 * find a file whose name is gone. The two are told apart by the place in QEMU that calls: after a lookup QEMU does not
 * open the name. A guest's lookup is two of these calls in a row, so the place is known before the guest has a file. */
static int look(void *place, int directory, const char *name, struct stat *st, int flags) {
    if (last.place)
        add_lookup(last.place);
    last.place = NULL;
    int result = (int)syscall(SYS_newfstatat, directory, name, st, flags);
    if (result == 0) {
        last.place = place;
        last.directory = directory;
        last.name = name;
    } else if (errno == ENOENT && !looks_up(place)) {
        int open_one = open_files_find(directory, name);
        if (open_one >= 0)
            return release(open_one, fstat(open_one, st));
    }
    return result;
}

/* A place that there is no room to note counts as a lookup's. */
static bool looks_up(const void *place) {
    for (int i = 0; i < MOST_PLACES; i++)
        if (lookups[i] == place)
            return true;
    return lookups[MOST_PLACES - 1];
}

static void add_lookup(void *place) {
    if (looks_up(place))
        return;
    for (int i = 0; i < MOST_PLACES; i++) {
        void *none = NULL;
        if (atomic_compare_exchange_strong(&lookups[i], &none, place) || none == place)
            return;
    }
}

static int reopen(int fd, int flags) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags & ~O_NOFOLLOW, 0);
}

static int release(int fd, int result) {
    int code = errno;
    syscall(SYS_close, fd);
    errno = code;
    return result;
}
