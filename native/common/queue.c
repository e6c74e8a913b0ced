#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What an emptied queue may keep, so that small frames do not allocate each time. */
enum { KEPT_BYTES = 4096 };

static int make_room(struct queue *queue, size_t n);

int queue_push(struct queue *queue, const void *bytes, size_t n) {
    if (make_room(queue, n))
        return -1;
    if (n)
        memcpy(queue->data + queue->start + queue->used, bytes, n);
    queue->used += n;
    return 0;
}

int queue_push_frame(struct queue *queue, const struct frame_header *header, const void *payload) {
    uint8_t packed[FRAME_HEADER_BYTES];
    if (make_room(queue, sizeof packed + header->length))
        return -1;
    frame_header_pack(packed, header);
    (void)queue_push(queue, packed, sizeof packed);
    return queue_push(queue, payload, header->length);
}

void queue_drop(struct queue *queue, size_t n) {
    queue->start += n;
    queue->used -= n;
    if (queue->used)
        return;
    queue->start = 0;
    if (queue->size > KEPT_BYTES)
        queue_free(queue);
}

void queue_free(struct queue *queue) {
    free(queue->data);
    queue->data = NULL;
    queue->start = queue->used = queue->size = 0;
}

ssize_t queue_read(struct queue *queue, int fd, size_t limit) {
    size_t room = queue->used < queue->cap ? queue->cap - queue->used : 0;
    if (room > limit)
        room = limit;
    if (room == 0) {
        errno = ENOBUFS;
        return -1;
    }
    if (make_room(queue, room))
        return -1;
    ssize_t n = read(fd, queue->data + queue->start + queue->used, room);
    if (n > 0)
        queue->used += (size_t)n;
    else if (queue->used == 0)
        queue_drop(queue, 0);
    return n;
}

ssize_t queue_write(struct queue *queue, int fd) {
    ssize_t n = write(fd, queue_bytes(queue), queue->used);
    if (n > 0)
        queue_drop(queue, (size_t)n);
    return n;
}

int queue_frame(const struct queue *queue, struct frame *frame) {
    if (queue->used < FRAME_HEADER_BYTES)
        return 0;
    const uint8_t *at = queue_bytes(queue);
    if (frame_header_unpack(at, &frame->header))
        return -1;
    frame->payload = at + FRAME_HEADER_BYTES;
    return queue->used >= frame_bytes(frame) ? 1 : 0;
}

size_t frame_bytes(const struct frame *frame) { return FRAME_HEADER_BYTES + frame->header.length; }

static int make_room(struct queue *queue, size_t n) {
    /* The cap may have been lowered since. */
    if (queue->used > queue->cap || n > queue->cap - queue->used) {
        errno = ENOBUFS;
        return -1;
    }
    if (queue->size - queue->start - queue->used >= n)
        return 0;
    /* Moving down is only worth it when it frees more than it moves: then every byte moves at most once
     * on average. */
    if (queue->size - queue->used >= n && queue->start >= queue->used) {
        memmove(queue->data, queue_bytes(queue), queue->used);
        queue->start = 0;
        return 0;
    }
    size_t size = queue->size ? queue->size : KEPT_BYTES;
    while (size < queue->used + n)
        size *= 2;
    uint8_t *data = malloc(size);
    if (!data)
        return -1;
    if (queue->used)
        memcpy(data, queue_bytes(queue), queue->used);
    free(queue->data);
    queue->data = data;
    queue->size = size;
    queue->start = 0;
    return 0;
}
