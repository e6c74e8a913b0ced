#include "output-log.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../common/wire.h"
#include "../system/clock.h"
#include "log-files.h"

enum { SCAN_BYTES = 65536 };

static uint32_t fitting(const struct output_log *log, uint32_t n);
static int next_file(struct output_log *log);
static int append(struct output_log *log, uint64_t time_ns, enum log_stream stream, const uint8_t *bytes, uint32_t n);
static uint64_t oldest_kept(const struct output_log *log);
static off_t whole_records(int fd, off_t size);

int output_log_open(struct output_log *log, uint64_t max_bytes, uint32_t max_files, struct err *err) {
    *log = (struct output_log){.fd = -1, .max_bytes = max_bytes, .max_files = max_files};
    if (max_files == 0)
        return 0;
    struct stat st;
    if (log_files_open(&log->number, &log->fd, err))
        return -1;
    if (fstat(log->fd, &st))
        return err_errno(err, "read the end of the output log");
    off_t size = whole_records(log->fd, st.st_size);
    if (size != st.st_size && ftruncate(log->fd, size))
        return err_errno(err, "repair the end of the output log");
    log->size = (uint64_t)size;
    log_files_remove_before(oldest_kept(log));
    return 0;
}

void output_log_append(struct output_log *log, enum log_stream stream, const uint8_t *bytes, uint32_t n) {
    if (log->fd < 0)
        return;
    uint64_t now = clock_wall_ns();
    while (n) {
        uint32_t part = fitting(log, n);
        if (part ? append(log, now, stream, bytes, part) : next_file(log)) {
            /* A full disk must not stop the box. The log loses what does not fit, and exit.json records that. */
            log->incomplete = true;
            return;
        }
        bytes += part;
        n -= part;
    }
}

/* How many of the bytes go into the file as one record, 0 for none. Only what exceeds a file is split. */
static uint32_t fitting(const struct output_log *log, uint32_t n) {
    uint64_t most = log->max_bytes;
    if (most == 0 || log->size + LOG_RECORD_HEADER_BYTES + n <= most)
        return n;
    return log->size ? 0 : (uint32_t)(most - LOG_RECORD_HEADER_BYTES);
}

static int next_file(struct output_log *log) {
    int fd = log_files_begin(log->number + 1);
    if (fd < 0)
        return -1;
    /* A change of the old file wakes those who wait for more of it; they then find the new one. */
    (void)futimens(log->fd, NULL);
    close(log->fd);
    log->fd = fd;
    log->number++;
    log->size = 0;
    if (oldest_kept(log))
        log_files_remove(oldest_kept(log) - 1);
    return 0;
}

static int append(struct output_log *log, uint64_t time_ns, enum log_stream stream, const uint8_t *bytes, uint32_t n) {
    uint8_t header[LOG_RECORD_HEADER_BYTES];
    struct wr wr = {.p = header, .size = sizeof header};
    wr_u64(&wr, time_ns);
    wr_u32(&wr, stream); /* the stream's byte and three zeros */
    wr_u32(&wr, n);
    struct iovec parts[] = {{header, sizeof header}, {(void *)(uintptr_t)bytes, n}};
    ssize_t written = pwritev(log->fd, parts, 2, (off_t)log->size);
    if (written == (ssize_t)(sizeof header + n)) {
        log->size += (uint64_t)written;
        return 0;
    }
    /* Readers can skip whole records only; where truncating fails, the next record overwrites this one. */
    if (written > 0)
        (void)!ftruncate(log->fd, (off_t)log->size);
    return -1;
}

static uint64_t oldest_kept(const struct output_log *log) {
    return log->number < log->max_files ? 0 : log->number + 1 - log->max_files;
}

/* Length of the leading records that are complete. */
static off_t whole_records(int fd, off_t size) {
    cleanup_free uint8_t *buffer = size ? malloc(SCAN_BYTES) : NULL;
    off_t at = 0, from = 0;
    ssize_t held = 0;
    while (buffer && at + LOG_RECORD_HEADER_BYTES <= size) {
        if (at < from || at + LOG_RECORD_HEADER_BYTES > from + held) {
            from = at;
            held = pread(fd, buffer, SCAN_BYTES, from);
            if (held < LOG_RECORD_HEADER_BYTES)
                break;
        }
        struct rd rd = {.p = buffer + (at - from) + 8, .left = 8};
        uint32_t stream = rd_u32(&rd), length = rd_u32(&rd);
        if ((stream != LOG_STDOUT && stream != LOG_STDERR) || at + LOG_RECORD_HEADER_BYTES + length > size)
            break;
        at += LOG_RECORD_HEADER_BYTES + (off_t)length;
    }
    return at;
}
