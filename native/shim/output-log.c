#include "output-log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../common/cleanup.h"
#include "../common/wire.h"
#include "clock.h"

enum { RECORD_HEADER_BYTES = 16, SCAN_BYTES = 65536 };

static off_t whole_records(int fd, off_t size);

int output_log_open(struct output_log *log, const char *path, struct err *err) {
    log->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st;
    if (log->fd < 0 || fstat(log->fd, &st))
        return err_errno(err, "open %s", path);
    log->size = whole_records(log->fd, st.st_size);
    if (log->size != st.st_size && ftruncate(log->fd, log->size))
        return err_errno(err, "repair the end of %s", path);
    return 0;
}

void output_log_append(struct output_log *log, enum log_stream stream, const uint8_t *bytes, uint32_t n) {
    if (log->incomplete || n == 0)
        return;
    uint8_t header[RECORD_HEADER_BYTES];
    struct wr wr = {.p = header, .size = sizeof header};
    wr_u64(&wr, clock_wall_ns());
    wr_u32(&wr, stream); /* the stream's byte and three zeros */
    wr_u32(&wr, n);
    struct iovec parts[] = {{header, sizeof header}, {(void *)(uintptr_t)bytes, n}};
    ssize_t written = pwritev(log->fd, parts, 2, log->size);
    if (written == (ssize_t)(sizeof header + n)) {
        log->size += written;
        return;
    }
    /* A full disk must not stop the box. The log ends with its last whole record, and exit.json says so. */
    log->incomplete = true;
    if (written > 0 && ftruncate(log->fd, log->size))
        return;
}

/* Length of the records that are there to their last byte. */
static off_t whole_records(int fd, off_t size) {
    cleanup_free uint8_t *buffer = size ? malloc(SCAN_BYTES) : NULL;
    off_t at = 0, from = 0;
    ssize_t held = 0;
    while (buffer && at + RECORD_HEADER_BYTES <= size) {
        if (at < from || at + RECORD_HEADER_BYTES > from + held) {
            from = at;
            held = pread(fd, buffer, SCAN_BYTES, from);
            if (held < RECORD_HEADER_BYTES)
                break;
        }
        struct rd rd = {.p = buffer + (at - from) + 8, .left = 8};
        uint32_t stream = rd_u32(&rd), length = rd_u32(&rd);
        if ((stream != LOG_STDOUT && stream != LOG_STDERR) || at + RECORD_HEADER_BYTES + length > size)
            break;
        at += RECORD_HEADER_BYTES + (off_t)length;
    }
    return at;
}
