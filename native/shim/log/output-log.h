/* output.log: what main wrote, with stream and time. Records, little-endian:
 *   u64 nanoseconds since 1970 · u8 stream (1 stdout, 2 stderr) · u8[3] 0 · u32 length · bytes
 * A limited log continues in another file when one is full, and deletes the oldest: see log-files.h. */
#ifndef BOXLITE_SHIM_LOG_OUTPUT_LOG_H
#define BOXLITE_SHIM_LOG_OUTPUT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../common/err.h"

enum log_stream { LOG_STDOUT = 1, LOG_STDERR = 2 };

/* A file holds at least one record, of a single byte. */
enum { LOG_RECORD_HEADER_BYTES = 16, LOG_LEAST_FILE_BYTES = LOG_RECORD_HEADER_BYTES + 1 };

struct output_log {
    int fd;             /* -1: nothing is kept */
    uint64_t number;    /* of the file that is written to */
    uint64_t size;      /* of that file, up to the end of its last whole record */
    uint64_t max_bytes; /* of a file, its records' headers among them; 0: no limit */
    uint32_t max_files; /* this one among them */
    bool incomplete;    /* a record could not be written, and is missing */
};

/* Opens the log for appending, and truncates a record that an earlier shim did not finish: nothing after it
 * could be read.
 * @param max_files 0: nothing is kept */
int output_log_open(struct output_log *log, uint64_t max_bytes, uint32_t max_files, struct err *err);
void output_log_append(struct output_log *log, enum log_stream stream, const uint8_t *bytes, uint32_t n);

#endif
