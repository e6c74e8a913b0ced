#include "write-all.h"

#include <errno.h>
#include <unistd.h>

int write_all(int file, const uint8_t *bytes, size_t size, uint64_t offset) {
    while (size) {
        ssize_t n = pwrite(file, bytes, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        bytes += n;
        size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}
