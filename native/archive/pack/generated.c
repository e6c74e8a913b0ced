#include "generated.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "../../common/cleanup.h"

enum { MOST_BYTES = 4 << 20 };

bool is_generated(int file, const struct stat *st) {
    struct statfs fs;
    if ((st->st_size && st->st_size != 4096) || fstatfs(file, &fs))
        return false;
    return fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC;
}

char *generated_read(int file, size_t *size) {
    cleanup_free char *bytes = malloc(MOST_BYTES);
    if (!bytes)
        return NULL;
    for (*size = 0; *size < MOST_BYTES;) {
        ssize_t n = read(file, bytes + *size, MOST_BYTES - *size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return NULL;
        if (n == 0)
            break;
        *size += (size_t)n;
    }
    char *read_bytes = bytes;
    bytes = NULL;
    return read_bytes;
}
