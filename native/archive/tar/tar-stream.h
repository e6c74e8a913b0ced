/* The bytes of an archive: headers by the block, and the content of the entry at hand. */
#ifndef BOXLITE_ARCHIVE_TAR_STREAM_H
#define BOXLITE_ARCHIVE_TAR_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../common/err.h"

struct tar_stream {
    int fd;
    uint8_t *buffer;
    size_t start, end;
    uint64_t left, pad; /* of the current entry's bytes, and of the zeroes after them */
};

/* -1 (ENOMEM). */
int tar_stream_begin(struct tar_stream *stream, int fd, struct err *err);
void tar_stream_end(struct tar_stream *stream);

/* The next block, which is no entry's content; it stays valid until the next call. NULL with an error. */
const uint8_t *tar_stream_block(struct tar_stream *stream, struct err *err);
/* Whether that failed because the archive ended between two blocks. */
bool tar_stream_is_at_end(const struct tar_stream *stream, const struct err *err);

/* From here on come `size` bytes of content, and zeroes to the end of their last block. */
void tar_stream_expect(struct tar_stream *stream, uint64_t size);
/* Skips what is left of them. */
int tar_stream_skip(struct tar_stream *stream, struct err *err);
/* Up to `most` of them, which stay valid until the next call: how many, 0 when that was all, -1. */
ssize_t tar_stream_some(struct tar_stream *stream, uint64_t most, const uint8_t **bytes, struct err *err);
/* Copies the next `size` of them to `to`; there must be so many. */
int tar_stream_read(struct tar_stream *stream, uint8_t *to, size_t size, struct err *err);

#endif
