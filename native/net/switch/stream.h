/* The frames of one box: QEMU's `-netdev socket`, each frame behind its length of four bytes, big-endian. */
#ifndef BOXLITE_NET_SWITCH_STREAM_H
#define BOXLITE_NET_SWITCH_STREAM_H

#include <stdbool.h>

#include "../../common/queue.h"
#include "../packet/packet.h"

struct stream {
    int fd;
    size_t mtu;
    struct queue in, out;
    size_t taken;     /* bytes of the frame that stream_next gave last */
    bool broken;      /* the VMM has sent what is no frame */
    uint64_t dropped; /* frames for a box that does not read */
};

/* Takes over a non-blocking socket. @param mtu the largest packet that segments for the box are joined to */
void stream_open(struct stream *stream, int fd, size_t mtu);
void stream_close(struct stream *stream);

/* Reads what has come, `most` bytes of it. Returns their number; -1: the VMM is gone. */
ssize_t stream_read(struct stream *stream, size_t most);
/* The next whole frame; it is valid until the next call. */
bool stream_next(struct stream *stream, const uint8_t **frame, size_t *size);

/* Sends a frame with the others of this turn, or drops it: a guest that does not read must not make us grow. -1: the VMM
 * is gone. */
int stream_send(struct stream *stream, const uint8_t *frame, size_t size);
/* The end of a turn. */
int stream_flush(struct stream *stream);
bool stream_waits_to_write(const struct stream *stream);
int stream_write(struct stream *stream);

#endif
