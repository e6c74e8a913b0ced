#include "inbox.h"

#include <errno.h>
#include <string.h>

#include "../../protocol/protocol.h"

static void let_go(struct inbox *inbox);
static struct partial *find_partial(struct inbox *inbox, const struct frame *frame);
static struct partial *new_partial(struct inbox *inbox, const struct frame *frame);
static void end_partial(struct partial *partial);

void inbox_begin(struct inbox *inbox) {
    memset(inbox, 0, sizeof *inbox);
    inbox->bytes.cap = INBOX_BYTES;
}

int inbox_next(struct inbox *inbox, struct message *message, struct err *err) {
    struct frame frame;
    let_go(inbox);
    for (;;) {
        int found = queue_frame(&inbox->bytes, &frame);
        if (found < 0) {
            queue_drop(&inbox->bytes, inbox->bytes.used);
            return err_set(err, EPROTO, "a frame with a malformed header");
        }
        if (found == 0)
            return 0;

        *message = (struct message){frame.header.session, frame.header.type, frame.header.flags, frame.payload,
                                    frame.header.length};
        inbox->taken = frame_bytes(&frame);
        bool more = (frame.header.flags & BL_FLAG_MORE) && frame.header.type != BL_MSG_STDIN;
        struct partial *partial = find_partial(inbox, &frame);
        if (!partial && !more)
            return 1;
        if (!partial)
            partial = new_partial(inbox, &frame);
        if (!partial) {
            let_go(inbox);
            return err_set(err, E2BIG, "too many unfinished messages at once");
        }
        if (queue_push(&partial->bytes, frame.payload, frame.header.length)) {
            end_partial(partial);
            let_go(inbox);
            return err_set(err, E2BIG, "a message larger than the limit");
        }
        if (!more) {
            partial->whole = true;
            message->payload = queue_bytes(&partial->bytes);
            message->size = partial->bytes.used;
            return 1;
        }
        let_go(inbox);
    }
}

static void let_go(struct inbox *inbox) {
    queue_drop(&inbox->bytes, inbox->taken);
    inbox->taken = 0;
    for (size_t i = 0; i < MAX_PARTIALS; i++)
        if (inbox->partials[i].whole)
            end_partial(&inbox->partials[i]);
}

static struct partial *find_partial(struct inbox *inbox, const struct frame *frame) {
    for (size_t i = 0; i < MAX_PARTIALS; i++) {
        struct partial *p = &inbox->partials[i];
        if (p->used && p->session == frame->header.session && p->type == frame->header.type)
            return p;
    }
    return NULL;
}

static struct partial *new_partial(struct inbox *inbox, const struct frame *frame) {
    for (size_t i = 0; i < MAX_PARTIALS; i++) {
        struct partial *p = &inbox->partials[i];
        if (p->used)
            continue;
        *p = (struct partial){.used = true,
                              .session = frame->header.session,
                              .type = frame->header.type,
                              .bytes = {.cap = BL_LIMIT_MAX_MESSAGE}};
        return p;
    }
    return NULL;
}

static void end_partial(struct partial *partial) {
    queue_free(&partial->bytes);
    memset(partial, 0, sizeof *partial);
}
