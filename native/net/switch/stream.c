#include "stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    LENGTH_BYTES = 4,
    READ_BYTES = 256 * 1024,
    IN_BYTES = READ_BYTES + LENGTH_BYTES + MAX_FRAME,
    OUT_BYTES = 2 * 1024 * 1024,
};

void stream_open(struct stream *stream, int fd) {
    *stream = (struct stream){.fd = fd, .in.cap = IN_BYTES, .out.cap = OUT_BYTES};
}

void stream_close(struct stream *stream) {
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    queue_free(&stream->in);
    queue_free(&stream->out);
}

ssize_t stream_read(struct stream *stream, size_t most) {
    ssize_t n = queue_read(&stream->in, stream->fd, most < READ_BYTES ? most : READ_BYTES);
    if (n > 0)
        return n;
    return n == 0 || (errno != EAGAIN && errno != EINTR) ? -1 : 0;
}

bool stream_next(struct stream *stream, const uint8_t **frame, size_t *size) {
    if (stream->taken) {
        queue_drop(&stream->in, stream->taken);
        stream->taken = 0;
    }
    if (stream->in.used < LENGTH_BYTES)
        return false;
    const uint8_t *at = queue_bytes(&stream->in);
    size_t length = get_u32(at);
    if (length > MAX_FRAME) {
        stream->broken = true;
        return false;
    }
    if (stream->in.used < LENGTH_BYTES + length)
        return false;
    *frame = at + LENGTH_BYTES;
    *size = length;
    stream->taken = LENGTH_BYTES + length;
    return true;
}

int stream_send(struct stream *stream, const uint8_t *frame, size_t size) {
    uint8_t length[LENGTH_BYTES];
    size_t sent = 0, total = LENGTH_BYTES + size;
    put_u32(length, (uint32_t)size);
    if (stream->out.used + total > stream->out.cap) {
        stream->dropped++;
        return 0;
    }
    if (stream->out.used == 0) {
        struct iovec parts[] = {{length, LENGTH_BYTES}, {(uint8_t *)(uintptr_t)frame, size}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t n = sendmsg(stream->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -1;
        sent = n > 0 ? (size_t)n : 0;
    }
    if (sent < LENGTH_BYTES && queue_push(&stream->out, length + sent, LENGTH_BYTES - sent))
        return -1;
    size_t skipped = sent > LENGTH_BYTES ? sent - LENGTH_BYTES : 0;
    return sent < total && queue_push(&stream->out, frame + skipped, size - skipped) ? -1 : 0;
}

bool stream_waits_to_write(const struct stream *stream) { return stream->out.used > 0; }

int stream_write(struct stream *stream) {
    ssize_t n = queue_write(&stream->out, stream->fd);
    return n < 0 && errno != EAGAIN && errno != EINTR ? -1 : 0;
}
