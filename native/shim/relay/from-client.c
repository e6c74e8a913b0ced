#include "from-client.h"

#include <errno.h>
#include <string.h>

#include "../peers/client.h"
#include "../peers/guest-port.h"
#include "../requests/links.h"
#include "../requests/policy.h"
#include "../requests/publications.h"
#include "../requests/rates.h"
#include "../session/main-session.h"
#include "../vmm/vmm.h"
#include "pause.h"

static void shim_frame(struct shim *shim, struct client *client, const struct frame *frame);
static void set_exit_delay(struct shim *shim, struct client *client, const struct frame *frame);
static void control_frame(struct shim *shim, struct client *client, const struct frame *frame);
static void exec_frame(struct shim *shim, struct client *client, const struct frame *frame);
static bool opens_session(uint8_t type);
static struct session *request(struct shim *shim, struct client *client, const struct frame *frame);

void from_client(struct shim *shim, struct client *client, const struct frame *frame) {
    if (frame->header.type >= FIRST_SHIM_TYPE)
        shim_frame(shim, client, frame);
    else if (frame->header.type >= FIRST_REPLY_TYPE)
        client_refuse(shim, client, frame->header.session, EPROTO, "only the guest sends that");
    else if (frame->header.session == BL_SESSION_CONTROL)
        control_frame(shim, client, frame);
    else if (frame->header.session == BL_SESSION_MAIN)
        main_from_client(shim, client, frame);
    else
        exec_frame(shim, client, frame);
}

static void shim_frame(struct shim *shim, struct client *client, const struct frame *frame) {
    switch (frame->header.type) {
    case BL_MSG_ATTACH:
        main_attach(shim, client);
        break;
    case BL_MSG_KILL_VMM:
        vmm_wanted_ended(shim);
        vmm_kill(shim);
        break;
    case BL_MSG_OWN_EXIT:
        client->own_exit = true;
        break;
    case BL_MSG_EXIT_HANDLED:
        if (client->own_exit)
            shim->exit_handled = true; /* nothing is left to do for on_exit */
        break;
    case BL_MSG_PAUSE:
        pause_request(shim, client);
        break;
    case BL_MSG_RESUME:
        resume_request(shim, client);
        break;
    case BL_MSG_EXIT_DELAY:
        set_exit_delay(shim, client, frame);
        break;
    case BL_MSG_NET_POLICY:
        policy_request(shim, client, frame);
        break;
    case BL_MSG_NET_PUBLISH:
        publish_request(shim, client, frame);
        break;
    case BL_MSG_NET_UNPUBLISH:
        unpublish_request(shim, client, frame);
        break;
    case BL_MSG_NET_CONNECT:
        connect_request(shim, client, frame);
        break;
    case BL_MSG_NET_DISCONNECT:
        disconnect_request(shim, client, frame);
        break;
    case BL_MSG_NET_RATES:
        rates_request(shim, client, frame);
        break;
    default:
        client_refuse(shim, client, frame->header.session, EPROTO, "the shim does not know that frame");
    }
}

static void set_exit_delay(struct shim *shim, struct client *client, const struct frame *frame) {
    struct rd rd = {.p = frame->payload, .left = frame->header.length};
    uint32_t delay_ms = rd_u32(&rd);
    if (rd.bad || rd.left)
        client_drop(shim, client);
    else
        shim->config.exit_delay_ms = delay_ms;
}

static void control_frame(struct shim *shim, struct client *client, const struct frame *frame) {
    switch (frame->header.type) {
    case BL_MSG_BOOTSTRAP:
        vmm_reached(shim, BL_STAGE_BOOTSTRAP);
        break;
    case BL_MSG_SHUTDOWN:
        vmm_wanted_ended(shim);
        break;
    case BL_MSG_PREPARE:
    case BL_MSG_HEALTHCHECK:
        break;
    default:
        client_refuse(shim, client, BL_SESSION_CONTROL, EINVAL, "that is no frame of the control session");
        return;
    }
    guest_send(shim, &frame->header, frame->payload);
}

static void exec_frame(struct shim *shim, struct client *client, const struct frame *frame) {
    uint32_t number = frame->header.session;
    struct session *session = session_of_client(&shim->sessions, client->id, number);
    if (opens_session(frame->header.type))
        session = request(shim, client, frame);
    /* Credit, stdin or a signal may cross the command's end on the way: that is no error. */
    else if (!session && number > client->highest_session)
        client_refuse(shim, client, number, ESRCH, "no such session");
    if (!session)
        return;
    struct frame_header header = frame->header;
    header.session = session->guest;
    guest_send(shim, &header, frame->payload);
}

static bool opens_session(uint8_t type) {
    return type == BL_MSG_EXEC || type == BL_MSG_STATS_REQUEST || type == BL_MSG_NET_ADDRESS;
}

static struct session *request(struct shim *shim, struct client *client, const struct frame *frame) {
    uint32_t number = frame->header.session;
    struct session *session = session_of_client(&shim->sessions, client->id, number);
    if (session && session->requested) {
        client_refuse(shim, client, number, EBUSY, "the session has its command");
        return NULL;
    }
    if (!session) {
        if (shim->ended || shim->main.exited) {
            client_refuse(shim, client, number, ESHUTDOWN, "the box is ending");
            return NULL;
        }
        session = session_open(&shim->sessions, client->id, number);
        if (!session) {
            client_refuse(shim, client, number, errno, "no more sessions can be opened");
            return NULL;
        }
        client->session_count++;
        if (number > client->highest_session)
            client->highest_session = number;
    }
    session->requested = !(frame->header.flags & BL_FLAG_MORE);
    session->detached = frame->header.flags & BL_FLAG_DETACHED;
    return session;
}
