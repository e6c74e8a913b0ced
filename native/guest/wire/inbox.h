/* Bytes from the host in, whole messages out: frames are cut, and those marked MORE put together. Pure. */
#ifndef BOXLITE_GUEST_INBOX_H
#define BOXLITE_GUEST_INBOX_H

#include "../../common/err.h"
#include "../../common/queue.h"

enum { MAX_PARTIALS = 16, INBOX_BYTES = 192 << 10 };

struct message {
    uint32_t session;
    uint8_t type, flags;
    const uint8_t *payload;
    size_t size;
};

struct partial {
    bool used, whole;
    uint32_t session;
    uint8_t type;
    struct queue bytes;
};

struct inbox {
    struct queue bytes;
    size_t taken; /* frame at the front that the last message lies in */
    struct partial partials[MAX_PARTIALS];
};

void inbox_begin(struct inbox *inbox);

/* 1 and a message, valid until the next call; 0 when more bytes are needed; -1 when the host broke the format
 * (EPROTO) or sent too much at once (E2BIG). The next call goes on behind the frame, or, after a broken header,
 * behind everything that waits. */
int inbox_next(struct inbox *inbox, struct message *message, struct err *err);

#endif
