#include "text-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../common/cleanup.h"

int read_text(const char *path, char *text, size_t size) { return read_text_at(AT_FDCWD, path, text, size); }

int read_text_at(int directory, const char *name, char *text, size_t size) {
    cleanup_fd int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    *text = 0;
    if (fd < 0)
        return -1;
    while (used < size - 1) {
        ssize_t n = read(fd, text + used, size - 1 - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    text[used] = 0;
    return 0;
}

uint64_t text_number(const char *text, const char *key) {
    size_t length = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, length) == 0 && strchr(": \t", line[length]) && line[length])
            return strtoull(line + length + 1, NULL, 10);
    }
    return 0;
}
