#include "tar-stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../outcome/outcome.h"
#include "../outcome/stop.h"
#include "tar-entry.h"

enum { BUFFER_BYTES = 256 << 10 };

static int buffered(struct tar_stream *stream, size_t size, struct err *err);
static ssize_t read_more(const struct tar_stream *stream, uint8_t *to, size_t size, struct err *err);
static int cut_short(struct err *err);

int tar_stream_begin(struct tar_stream *stream, int fd, struct err *err) {
    *stream = (struct tar_stream){.fd = fd, .buffer = malloc(BUFFER_BYTES)};
    return stream->buffer ? 0 : err_set(err, ENOMEM, "no memory to read an archive");
}

void tar_stream_end(struct tar_stream *stream) {
    free(stream->buffer);
    stream->buffer = NULL;
}

const uint8_t *tar_stream_block(struct tar_stream *stream, struct err *err) {
    if (buffered(stream, TAR_BLOCK, err))
        return NULL;
    const uint8_t *block = stream->buffer + stream->start;
    stream->start += TAR_BLOCK;
    return block;
}

bool tar_stream_is_at_end(const struct tar_stream *stream, const struct err *err) {
    return stream->start == stream->end && err->code == OUTCOME(BL_COPY_TRUNCATED);
}

void tar_stream_expect(struct tar_stream *stream, uint64_t size) {
    stream->left = size;
    stream->pad = (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

ssize_t tar_stream_some(struct tar_stream *stream, uint64_t most, const uint8_t **bytes, struct err *err) {
    if (most > stream->left)
        most = stream->left;
    if (most == 0)
        return 0;
    if (stream->start == stream->end && buffered(stream, 1, err))
        return -1;
    size_t size = stream->end - stream->start;
    if (size > most)
        size = (size_t)most;
    *bytes = stream->buffer + stream->start;
    stream->start += size;
    stream->left -= size;
    return (ssize_t)size;
}

int tar_stream_read(struct tar_stream *stream, uint8_t *to, size_t size, struct err *err) {
    while (size) {
        size_t n = stream->end - stream->start;
        if (n > size)
            n = size;
        if (n) {
            memcpy(to, stream->buffer + stream->start, n);
            stream->start += n;
        } else {
            ssize_t fresh = read_more(stream, to, size, err);
            if (fresh < 0)
                return -1;
            n = (size_t)fresh;
        }
        to += n;
        size -= n;
        stream->left -= n;
    }
    return 0;
}

int tar_stream_skip(struct tar_stream *stream, struct err *err) {
    const uint8_t *bytes;
    while (stream->left) {
        if (tar_stream_some(stream, stream->left, &bytes, err) < 0)
            return -1;
    }
    if (stream->pad && buffered(stream, (size_t)stream->pad, err))
        return -1;
    stream->start += (size_t)stream->pad;
    stream->pad = 0;
    return 0;
}

/* Reads until `size` bytes, at most a block, are in the buffer in one piece. */
static int buffered(struct tar_stream *stream, size_t size, struct err *err) {
    while (stream->end - stream->start < size) {
        if (BUFFER_BYTES - stream->start < TAR_BLOCK || stream->start == stream->end) {
            memmove(stream->buffer, stream->buffer + stream->start, stream->end - stream->start);
            stream->end -= stream->start;
            stream->start = 0;
        }
        ssize_t n = read_more(stream, stream->buffer + stream->end, BUFFER_BYTES - stream->end, err);
        if (n < 0)
            return -1;
        stream->end += (size_t)n;
    }
    return 0;
}

/* At least one byte, or -1. */
static ssize_t read_more(const struct tar_stream *stream, uint8_t *to, size_t size, struct err *err) {
    for (;;) {
        if (stop_await(stream->fd))
            return stop_requested() ? err_set(err, EINTR, "it was stopped by a signal")
                                    : err_errno(err, "can't wait for the archive");
        ssize_t n = read(stream->fd, to, size);
        if (n == 0)
            return cut_short(err);
        if (n > 0 || errno != EINTR)
            return n > 0 ? n : err_errno(err, "can't read the archive");
    }
}

static int cut_short(struct err *err) {
    return err_set(err, OUTCOME(BL_COPY_TRUNCATED), "the archive ends in the middle");
}
