/* Datagrams for somebody who may not read: what the kernel does not take at once waits here, up to a bound. */
#ifndef BOXLITE_NET_WIRE_OUTBOX_H
#define BOXLITE_NET_WIRE_OUTBOX_H

#include <stdbool.h>

#include "../../common/queue.h"

struct outbox {
    int fd; /* the caller's */
    struct queue waiting;
    uint64_t dropped; /* packets */
};

void outbox_open(struct outbox *outbox, int fd);
void outbox_close(struct outbox *outbox);

/* Each returns -1 when there is nobody to send to any more. */

/* A packet that finds no room is dropped. */
int outbox_packet(struct outbox *outbox, const void *packet, size_t size);
/* A message is never dropped: one that finds no room is the end, too. */
int outbox_message(struct outbox *outbox, const void *message, size_t size);
/* When the descriptor takes more. */
int outbox_flush(struct outbox *outbox);
static inline bool outbox_waits(const struct outbox *outbox) { return outbox->waiting.used > 0; }

#endif
