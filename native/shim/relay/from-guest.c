#include "from-guest.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "../notify/notify.h"
#include "../peers/client.h"
#include "../peers/guest-port.h"
#include "../session/health.h"
#include "../session/main-session.h"
#include "../vmm/vmm.h"

static void handle_frames(struct shim *shim);
static void control_frame(struct shim *shim, const struct frame *frame);
static void exec_frame(struct shim *shim, const struct frame *frame);
static void end_session(struct shim *shim, struct session *session, bool hang_up);

void from_guest_event(struct shim *shim, uint32_t events) {
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && guest_port_receive(shim))
        handle_frames(shim);
}

void from_guest_drain(struct shim *shim) {
    while (guest_port_receive(shim))
        handle_frames(shim);
}

void from_guest(struct shim *shim, const struct frame *frame) {
    uint8_t type = frame->header.type;
    if (type != BL_MSG_CREDIT && (type < FIRST_REPLY_TYPE || type >= FIRST_SHIM_TYPE))
        vmm_fault(shim, EPROTO, "the guest sent a frame of type 0x%02x", type);
    else if (frame->header.session == BL_SESSION_CONTROL)
        control_frame(shim, frame);
    else if (frame->header.session == BL_SESSION_MAIN)
        main_from_guest(shim, frame);
    else
        exec_frame(shim, frame);
}

static void handle_frames(struct shim *shim) {
    struct frame frame;
    int found;
    vmm_heard(shim);
    while ((found = queue_frame(&shim->from_guest, &frame)) > 0) {
        /* Once the shim kills the VMM for what the guest sent, nothing more from it counts. */
        if (!shim->faulted)
            from_guest(shim, &frame);
        queue_drop(&shim->from_guest, frame_bytes(&frame));
    }
    if (found < 0) {
        vmm_fault(shim, EPROTO, "the guest sent a frame that breaks the format");
        queue_drop(&shim->from_guest, shim->from_guest.used);
    }
}

static void control_frame(struct shim *shim, const struct frame *frame) {
    switch (frame->header.type) {
    case BL_MSG_READY:
        if (frame->header.length != READY_BYTES) {
            vmm_fault(shim, EPROTO, "the guest's ready has %u bytes", frame->header.length);
            return;
        }
        shim->ready = true;
        memcpy(shim->ready_payload, frame->payload, READY_BYTES);
        vmm_reached(shim, BL_STAGE_BOOTSTRAP);
        break;
    case BL_MSG_BOOTSTRAPPED:
        vmm_reached(shim, BL_STAGE_EXEC);
        break;
    case BL_MSG_FAILED:
        main_failed(shim, frame);
        break;
    case BL_MSG_PREPARED:
        break;
    case BL_MSG_HEALTH:
        health_from_guest(shim, frame);
        return;
    case BL_MSG_WATCH:
    case BL_MSG_UNWATCH:
    case BL_MSG_CHANGES_TAKEN:
        notify_from_guest(shim, frame);
        return;
    default:
        return;
    }
    clients_broadcast(shim, &frame->header, frame->payload);
}

static void exec_frame(struct shim *shim, const struct frame *frame) {
    /* A session that has just ended here may still have frames on the way. */
    struct session *session = session_of_guest(&shim->sessions, frame->header.session);
    struct client *client = session ? client_by_id(shim, session->client) : NULL;
    if (!client && !(session && session->detached))
        return;
    struct frame_header header = frame->header;
    header.session = session->number;
    /* Before the session ends, whose window this frame counts against. */
    if (client)
        client_send(shim, client, &header, frame->payload);
    /* That may have dropped the client, and its sessions with it except detached ones, which go on. */
    session = session_of_guest(&shim->sessions, frame->header.session);
    if (!session)
        return;
    if (header.type == BL_MSG_STARTED)
        session->started = true;
    else if (header.type == BL_MSG_EXITED || header.type == BL_MSG_NET_ADDRESSED ||
             (header.type == BL_MSG_STATS && !(header.flags & BL_FLAG_MORE)))
        end_session(shim, session, false);
    else if (header.type == BL_MSG_FAILED)
        end_session(shim, session, session->started);
}

static void end_session(struct shim *shim, struct session *session, bool hang_up) {
    struct client *client = client_by_id(shim, session->client);
    /* A command that had started and then fails would otherwise run on, and nobody would end it. */
    if (hang_up)
        guest_send(shim, &(struct frame_header){.session = session->guest, .type = BL_MSG_HANGUP}, NULL);
    session_close(&shim->sessions, session);
    if (client)
        client->session_count--;
}
