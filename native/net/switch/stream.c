#include "stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "segments.h"

enum {
    LENGTH_BYTES = 4,
    READ_BYTES = 256 * 1024,
    IN_BYTES = READ_BYTES + LENGTH_BYTES + MAX_FRAME,
    OUT_BYTES = 2 * 1024 * 1024,
    TURN_BYTES = 64 * 1024,
};

/* Frames of this turn that go out together. Each stream takes it over from the one before. */
static struct {
    struct stream *of;
    size_t used;
    uint8_t bytes[TURN_BYTES];
} turn;

static int send_all(struct stream *stream, const uint8_t *length, const uint8_t *frame, size_t size);

void stream_open(struct stream *stream, int fd, size_t mtu) {
    *stream = (struct stream){.fd = fd, .mtu = mtu, .in.cap = IN_BYTES, .out.cap = OUT_BYTES};
}

void stream_close(struct stream *stream) {
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    if (turn.of == stream)
        turn.of = NULL, turn.used = 0;
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
    put_u32(length, (uint32_t)size);
    if (stream->out.used + LENGTH_BYTES + size > stream->out.cap) {
        stream->dropped++;
        return 0;
    }
    if (stream_waits_to_write(stream))
        return queue_push(&stream->out, length, LENGTH_BYTES) || queue_push(&stream->out, frame, size) ? -1 : 0;
    struct stream *other = turn.of == stream ? NULL : turn.of;
    if (stream_flush(other))
        other->broken = true;
    if (turn.used + LENGTH_BYTES + size > sizeof turn.bytes)
        return send_all(stream, length, frame, size);
    turn.of = stream;
    memcpy(turn.bytes + turn.used, length, LENGTH_BYTES);
    memcpy(turn.bytes + turn.used + LENGTH_BYTES, frame, size);
    turn.used += LENGTH_BYTES + size;
    return 0;
}

int stream_flush(struct stream *stream) {
    return stream && turn.of == stream && turn.used ? send_all(stream, NULL, NULL, 0) : 0;
}

/* What the turn has for the stream, and a frame behind it; what the socket has no room for waits. */
static int send_all(struct stream *stream, const uint8_t *length, const uint8_t *frame, size_t size) {
    static struct iovec parts[SEGMENTS_MAX_PARTS + 2];
    size_t count = turn.used ? segments_join(turn.bytes, turn.used, stream->mtu, parts) : 0;
    if (length) {
        parts[count++] = (struct iovec){(uint8_t *)(uintptr_t)length, LENGTH_BYTES};
        parts[count++] = (struct iovec){(uint8_t *)(uintptr_t)frame, size};
    }
    turn.of = NULL;
    turn.used = 0;
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t n = sendmsg(stream->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return -1;
    size_t sent = n > 0 ? (size_t)n : 0;
    for (size_t i = 0; i < count; i++) {
        size_t of_part = sent < parts[i].iov_len ? sent : parts[i].iov_len;
        sent -= of_part;
        if (queue_push(&stream->out, (const uint8_t *)parts[i].iov_base + of_part, parts[i].iov_len - of_part))
            return -1;
    }
    return 0;
}

bool stream_waits_to_write(const struct stream *stream) { return stream->out.used > 0; }

int stream_write(struct stream *stream) {
    ssize_t n = queue_write(&stream->out, stream->fd);
    return n < 0 && errno != EAGAIN && errno != EINTR ? -1 : 0;
}
