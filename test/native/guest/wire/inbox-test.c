#include <errno.h>
#include <string.h>

#include "../check.h"
#include "guest/wire/inbox.h"
#include "protocol/protocol.h"

static struct inbox inbox;
static struct message message;
static struct err err;

static void arrive(uint32_t session, uint8_t type, uint8_t flags, const void *payload, uint32_t size) {
    struct frame_header header = {.length = size, .session = session, .type = type, .flags = flags};
    if (queue_push_frame(&inbox.bytes, &header, payload))
        exit(2);
}

static int next(void) { return inbox_next(&inbox, &message, &err); }

static bool is(uint32_t session, const char *payload) {
    return message.session == session && message.size == strlen(payload) &&
           memcmp(message.payload, payload, message.size) == 0;
}

static void release(void) {
    inbox_next(&inbox, &message, &err);
    for (size_t i = 0; i < MAX_PARTIALS; i++)
        queue_free(&inbox.partials[i].bytes);
    queue_free(&inbox.bytes);
}

int main(void) {
    static uint8_t block[BL_LIMIT_MAX_PAYLOAD];
    inbox_begin(&inbox);
    check("nothing is no message", next() == 0);
    arrive(5, BL_MSG_SIGNAL, 0, "abcd", 4);
    arrive(6, BL_MSG_HANGUP, 0, "", 0);
    check("frames come out in order", next() == 1 && is(5, "abcd") && next() == 1 && is(6, "") && next() == 0);

    arrive(1, BL_MSG_EXEC, BL_FLAG_MORE, "one ", 4);
    check("a part is no message", next() == 0);
    arrive(2, BL_MSG_EXEC, BL_FLAG_MORE, "other ", 6);
    arrive(1, BL_MSG_SIGNAL, 0, "sign", 4);
    arrive(1, BL_MSG_EXEC, BL_FLAG_MORE, "two ", 4);
    arrive(1, BL_MSG_EXEC, 0, "three", 5);
    arrive(2, BL_MSG_EXEC, 0, "end", 3);
    check("a whole frame between parts passes", next() == 1 && is(1, "sign"));
    check("parts are put together by session", next() == 1 && is(1, "one two three"));
    check("another session's parts are its own", next() == 1 && is(2, "other end"));
    arrive(1, BL_MSG_EXEC, 0, "new", 3);
    check("a finished message leaves nothing behind", next() == 1 && is(1, "new") && next() == 0);
    arrive(3, BL_MSG_STDIN, BL_FLAG_MORE, "raw", 3);
    check("stdin is never held back", next() == 1 && is(3, "raw"));

    bool refused = false;
    for (size_t sent = 0; sent <= BL_LIMIT_MAX_MESSAGE; sent += sizeof block) {
        arrive(1, BL_MSG_EXEC, BL_FLAG_MORE, block, sizeof block);
        refused = next() == -1 && err.code == E2BIG;
    }
    check("an endless message is refused at the limit", refused);
    arrive(4, BL_MSG_SIGNAL, 0, "x", 1);
    check("what follows is heard", next() == 1 && is(4, "x"));
    release();

    inbox_begin(&inbox);
    for (uint32_t session = 0; session < MAX_PARTIALS; session++)
        arrive(session, BL_MSG_EXEC, BL_FLAG_MORE, "p", 1);
    check("so many unfinished messages are kept", next() == 0);
    arrive(99, BL_MSG_EXEC, BL_FLAG_MORE, "p", 1);
    check("one more is refused", next() == -1 && err.code == E2BIG);
    arrive(0, BL_MSG_EXEC, 0, "q", 1);
    check("those kept can still be finished", next() == 1 && is(0, "pq"));

    static const uint8_t garbage[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
    queue_push(&inbox.bytes, garbage, sizeof garbage);
    next();
    check("a header of garbage is refused and passed over", err.code == EPROTO && inbox.bytes.used == 0);
    arrive(4, BL_MSG_SIGNAL, 0, "x", 1);
    check("what comes after garbage is heard", next() == 1 && is(4, "x"));
    release();
    return 0;
}
