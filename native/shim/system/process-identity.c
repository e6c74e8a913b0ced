#include "process-identity.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../common/cleanup.h"

static void read_text(const char *path, char *to, size_t size);

uint64_t self_start_ticks(void) {
    char stat[1024];
    read_text("/proc/self/stat", stat, sizeof stat);
    /* The second field is a name in parentheses that may hold anything, even a parenthesis. */
    const char *at = strrchr(stat, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

void self_boot_id(char to[BOOT_ID_BYTES]) { read_text("/proc/sys/kernel/random/boot_id", to, BOOT_ID_BYTES); }

static void read_text(const char *path, char *to, size_t size) {
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, to, size - 1);
    to[n < 0 ? 0 : n] = 0;
}
