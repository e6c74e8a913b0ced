#include "console.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void console_open(void) {
    /* Non-blocking: a box may have a node of the console too, and stop its output. */
    int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return;
    for (int to = 0; to <= 2; to++)
        if (fd != to)
            dup2(fd, to);
    if (fd > 2)
        close(fd);
}

void complain(const char *format, ...) {
    char line[400] = "boxlite-guest: ";
    size_t used = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line + used, sizeof line - used - 2, format, arguments);
    va_end(arguments);
    if (n < 0)
        return;
    used = strlen(line);
    line[used++] = '\n';
    ssize_t ignored = write(2, line, used);
    (void)ignored;
}
