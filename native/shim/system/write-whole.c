#include "write-whole.h"

#include <unistd.h>

int write_whole(int fd, const void *bytes, size_t n) {
    const char *next = bytes;
    while (n) {
        ssize_t written = write(fd, next, n);
        if (written < 0)
            return -1;
        next += written;
        n -= (size_t)written;
    }
    return 0;
}
