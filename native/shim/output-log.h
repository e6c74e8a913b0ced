/* output.log: what main wrote, with stream and time. Records, little-endian:
 *   u64 nanoseconds since 1970 · u8 stream (1 stdout, 2 stderr) · u8[3] 0 · u32 length · bytes */
#ifndef BOXLITE_SHIM_OUTPUT_LOG_H
#define BOXLITE_SHIM_OUTPUT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../common/err.h"

enum log_stream { LOG_STDOUT = 1, LOG_STDERR = 2 };

struct output_log {
    int fd;
    off_t size;      /* up to the end of the last whole record */
    bool incomplete; /* a record could not be written; nothing is logged from there on */
};

/* Opens the log for appending, cutting off a record that an earlier shim did not finish: whatever
 * followed it could not be read. */
int output_log_open(struct output_log *log, const char *path, struct err *err);
void output_log_append(struct output_log *log, enum log_stream stream, const uint8_t *bytes, uint32_t n);

#endif
