/* Bytes on their way between two descriptors: first in, first out, growing on demand up to a hard cap. */
#ifndef BOXLITE_COMMON_QUEUE_H
#define BOXLITE_COMMON_QUEUE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire.h"

/* {.cap = N} is an empty queue; release with queue_free. The waiting bytes are `used` from queue_bytes on, always in one
 * piece. An empty queue holds no memory worth naming. */
struct queue {
    uint8_t *data;
    size_t start, used, size, cap;
};

/* NULL while it holds no memory. */
static inline uint8_t *queue_bytes(const struct queue *queue) {
    return queue->data ? queue->data + queue->start : NULL;
}

/* -1 (ENOBUFS above the cap, or ENOMEM) and nothing taken, when it can't hold all `n` more bytes. */
int queue_push(struct queue *queue, const void *bytes, size_t n);
/* A header and its payload, whole or not at all; header->length says the payload's size. */
int queue_push_frame(struct queue *queue, const struct frame_header *header, const void *payload);
/* The first `n` of the waiting bytes are done with. */
void queue_drop(struct queue *queue, size_t n);
void queue_free(struct queue *queue);

/* Moves bytes between a non-blocking descriptor and the queue once. The number moved; 0 at end of file
 * (queue_read only); -1 with errno (EAGAIN, or ENOBUFS from queue_read when the queue is full). */
ssize_t queue_read(struct queue *queue, int fd, size_t limit);
ssize_t queue_write(struct queue *queue, int fd);

struct frame {
    struct frame_header header;
    const uint8_t *payload; /* inside the queue: valid until it is touched again */
};

/* Looks at the first frame that waits: 1 and the frame, 0 when it is not whole yet, -1 when the stream breaks the
 * format. Remove it with queue_drop(queue, frame_bytes(&frame)). */
int queue_frame(const struct queue *queue, struct frame *frame);
size_t frame_bytes(const struct frame *frame);

#endif
