#include "main-stdin.h"

#include <errno.h>

#include "../peers/client.h"
#include "../peers/guest-port.h"
#include "../vmm/vmm.h"

enum { CREDIT_BYTES = 4 };

static void pump(struct shim *shim);
static void forward(struct shim *shim, const struct frame *frame);

void main_stdin(struct shim *shim, struct client *client, const struct frame *frame) {
    struct frame_header header = frame->header;
    header.session = client->id;
    client->stdin_held += header.length;
    if (client->stdin_held > BL_LIMIT_WINDOW || queue_push_frame(&shim->main.stdin_frames, &header, frame->payload)) {
        client_drop(shim, client);
        return;
    }
    pump(shim);
}

void main_stdin_credit(struct shim *shim, const struct frame *frame) {
    struct rd rd = {.p = frame->payload, .left = frame->header.length};
    uint32_t bytes = rd_u32(&rd);
    if (rd.bad || bytes > shim->main.stdin_on_the_way) {
        vmm_fault(shim, EPROTO, "the guest returns credit for stdin that it never got");
        return;
    }
    shim->main.stdin_on_the_way -= bytes;
    pump(shim);
}

/* Forwards whole frames, in the order they came, as long as the guest's window holds them. */
static void pump(struct shim *shim) {
    struct frame frame;
    while (queue_frame(&shim->main.stdin_frames, &frame) > 0 &&
           frame.header.length <= BL_LIMIT_WINDOW - shim->main.stdin_on_the_way) {
        forward(shim, &frame);
        queue_drop(&shim->main.stdin_frames, frame_bytes(&frame));
    }
}

static void forward(struct shim *shim, const struct frame *frame) {
    struct frame_header header = frame->header;
    header.session = BL_SESSION_MAIN;
    shim->main.stdin_on_the_way += header.length;
    guest_send(shim, &header, frame->payload);

    struct client *client = client_by_id(shim, frame->header.session);
    if (!client || header.length == 0)
        return;
    client->stdin_held -= header.length;
    uint8_t payload[CREDIT_BYTES];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, header.length);
    client_send(shim, client,
                &(struct frame_header){.length = CREDIT_BYTES, .session = BL_SESSION_MAIN, .type = BL_MSG_CREDIT},
                payload);
}
