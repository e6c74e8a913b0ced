#include "console-log.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define CURRENT "console.log"
#define EARLIER "console.log.1"

static int begin(void);

int console_log_open(struct console_log *log, uint32_t limit, struct err *err) {
    *log = (struct console_log){.fd = -1, .half = limit / 2};
    if (log->half == 0)
        return 0;
    unlink(EARLIER);
    log->fd = begin();
    return log->fd < 0 ? err_errno(err, "open " CURRENT) : 0;
}

void console_log_append(struct console_log *log, const uint8_t *bytes, size_t n) {
    while (n && log->fd >= 0) {
        if (log->used == log->half) {
            close(log->fd);
            rename(CURRENT, EARLIER);
            log->fd = begin();
            log->used = 0;
            continue;
        }
        size_t part = n < log->half - log->used ? n : log->half - log->used;
        ssize_t written = write(log->fd, bytes, part);
        /* No box depends on its console's log: a full disk only ends it. */
        if (written <= 0) {
            close(log->fd);
            log->fd = -1;
            return;
        }
        log->used += (size_t)written;
        bytes += written;
        n -= (size_t)written;
    }
}

static int begin(void) { return open(CURRENT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600); }
