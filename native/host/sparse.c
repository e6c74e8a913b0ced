#include "sparse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/cleanup.h"

typedef int (*each_part)(int from, int to, off_t offset, off_t length);

static int walk(int from, int to, each_part act);
static int print_part(int from, int to, off_t offset, off_t length);
static int copy_part(int from, int to, off_t offset, off_t length);
static int complain(const char *path);
static int complain_of_copy(const char *path);

int print_data_map(const char *path) {
    cleanup_fd int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || walk(file, -1, print_part) || fflush(stdout))
        return complain(path);
    return 0;
}

int copy_sparse(const char *from, const char *to) {
    struct stat st;
    cleanup_fd int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0 || fstat(source, &st))
        return complain(from);
    cleanup_fd int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (target < 0 || ftruncate(target, st.st_size) || walk(source, target, copy_part))
        return complain(to);
    return 0;
}

/* The lock is the one that a shim takes (native/shim/vmm/start.c): no machine writes to the file meanwhile. */
int copy_disk(const char *from, const char *to) {
    struct stat st;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* what it makes is nobody's once its parent has died */
    cleanup_fd int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0 || fstat(source, &st))
        return complain(from);
    if (flock(source, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK ? DISK_TAKEN : complain(from);
    cleanup_fd int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (target < 0)
        return complain_of_copy(to);
    if (ioctl(target, FICLONE, source) && (ftruncate(target, st.st_size) || walk(source, target, copy_part)))
        return complain_of_copy(to);
    return fsync(target) ? complain_of_copy(to) : 0;
}

static int walk(int from, int to, each_part act) {
    for (off_t data = 0, hole;; data = hole) {
        data = lseek(from, data, SEEK_DATA);
        if (data < 0)
            return errno == ENXIO ? 0 : -1; /* nothing but a hole is left */
        hole = lseek(from, data, SEEK_HOLE);
        if (hole < 0 || act(from, to, data, hole - data))
            return -1;
    }
}

static int print_part(int from, int to, off_t offset, off_t length) {
    (void)from, (void)to;
    return printf("%lld %lld\n", (long long)offset, (long long)length) < 0 ? -1 : 0;
}

static int copy_part(int from, int to, off_t offset, off_t length) {
    off_t at = offset;
    while (length > 0) {
        ssize_t copied = copy_file_range(from, &offset, to, &at, (size_t)length, 0);
        if (copied <= 0) {
            errno = copied ? errno : EIO; /* the source has become shorter */
            return -1;
        }
        length -= copied;
    }
    return 0;
}

static int complain(const char *path) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return 1;
}

static int complain_of_copy(const char *path) {
    int status = errno == ENOSPC || errno == EDQUOT ? DISK_NO_SPACE : 1;
    complain(path);
    return status;
}
