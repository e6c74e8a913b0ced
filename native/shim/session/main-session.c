#include "main-session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../box/records.h"
#include "../peers/client.h"
#include "../peers/guest-port.h"
#include "../peers/output-credit.h"
#include "../system/clock.h"
#include "../vmm/vmm.h"
#include "main-stdin.h"

/* After main the guest writes back and powers off. */
enum { POWER_OFF_MS = 10000, TIME_OUT_GRACE_MS = 7000, STARTED_BYTES = 4 };

static void request(struct shim *shim, struct client *client, const struct frame *frame);
static void take_credit(struct shim *shim, struct client *client, const struct frame *frame);
static void output(struct shim *shim, const struct frame *frame);
static void started(struct shim *shim, const struct frame *frame);
static void exited(struct shim *shim, const struct frame *frame);
static void notify_clients(struct shim *shim, const struct frame *frame);

void main_attach(struct shim *shim, struct client *client) {
    if (!client->attached) {
        client->attached = true;
        client->acked = shim->main.received;
    }
    if (shim->main.exited)
        client_send(shim, client,
                    &(struct frame_header){.length = EXITED_BYTES, .session = BL_SESSION_MAIN, .type = BL_MSG_EXITED},
                    shim->main.exited_payload);
}

void main_from_client(struct shim *shim, struct client *client, const struct frame *frame) {
    switch (frame->header.type) {
    case BL_MSG_EXEC:
        request(shim, client, frame);
        break;
    case BL_MSG_STDIN:
        if (client->attached)
            main_stdin(shim, client, frame);
        else
            client_refuse(shim, client, BL_SESSION_MAIN, EPERM, "attach first");
        break;
    case BL_MSG_CREDIT:
        take_credit(shim, client, frame);
        break;
    case BL_MSG_RESIZE:
    case BL_MSG_SIGNAL:
        guest_send(shim, &frame->header, frame->payload);
        break;
    default:
        client_refuse(shim, client, BL_SESSION_MAIN, EINVAL, "that is no frame of the main session");
    }
}

void main_from_guest(struct shim *shim, const struct frame *frame) {
    switch (frame->header.type) {
    case BL_MSG_STDOUT:
    case BL_MSG_STDERR:
        output(shim, frame);
        break;
    case BL_MSG_CREDIT:
        main_stdin_credit(shim, frame);
        break;
    case BL_MSG_STARTED:
        started(shim, frame);
        break;
    case BL_MSG_EXITED:
        exited(shim, frame);
        break;
    case BL_MSG_FAILED:
        if (!shim->main.started)
            main_failed(shim, frame);
        notify_clients(shim, frame);
        break;
    default:
        break;
    }
}

void main_failed(struct shim *shim, const struct frame *frame) {
    if (shim->main.started || shim->main.failed)
        return;
    struct rd rd = {.p = frame->payload, .left = frame->header.length};
    const uint8_t *text;
    uint32_t size, code = rd_u32(&rd), stage = rd_u32(&rd);
    rd_bytes(&rd, &text, &size);
    struct err why = {.code = (int)(code & INT32_MAX)};
    if (rd.bad)
        snprintf(why.msg, sizeof why.msg, "the guest reports a failure that can't be read");
    else
        snprintf(why.msg, sizeof why.msg, "%.*s", (int)size, (const char *)text);
    shim->main.failed = true;
    records_write_boot_error(shim, stage, &why);
    watch_set_deadline(&shim->watch, POWER_OFF_MS);
}

static void request(struct shim *shim, struct client *client, const struct frame *frame) {
    struct main_session *m = &shim->main;
    if (shim->config.flags & BL_SHIM_FLAG_TEMPLATE) {
        client_refuse(shim, client, BL_SESSION_MAIN, EINVAL, "a template runs no command");
        return;
    }
    if (m->requested || (m->requested_by && m->requested_by != client->id)) {
        client_refuse(shim, client, BL_SESSION_MAIN, EBUSY, "the box has its command");
        return;
    }
    m->requested_by = client->id;
    m->requested = !(frame->header.flags & BL_FLAG_MORE);
    vmm_reached(shim, BL_STAGE_EXEC);
    guest_send(shim, &frame->header, frame->payload);
}

static void take_credit(struct shim *shim, struct client *client, const struct frame *frame) {
    struct rd rd = {.p = frame->payload, .left = frame->header.length};
    uint32_t bytes = rd_u32(&rd);
    if (!client->attached)
        return;
    if (rd.bad || bytes > shim->main.received - client->acked) {
        client_drop(shim, client);
        return;
    }
    client->acked += bytes;
    output_credit_return(shim);
}

static void output(struct shim *shim, const struct frame *frame) {
    struct main_session *m = &shim->main;
    m->received += frame->header.length;
    if (!m->requested || m->received - m->credited > BL_LIMIT_WINDOW) {
        vmm_fault(shim, EPROTO, "the guest sent more output than its window allows");
        return;
    }
    bool is_stdout = frame->header.type == BL_MSG_STDOUT;
    output_log_append(&shim->output_log, is_stdout ? LOG_STDOUT : LOG_STDERR, frame->payload, frame->header.length);
    for (uint32_t i = 0; i < MAX_CLIENTS; i++)
        if (shim->clients[i] && shim->clients[i]->attached)
            client_send(shim, shim->clients[i], &frame->header, frame->payload);
    output_credit_return(shim);
}

static void started(struct shim *shim, const struct frame *frame) {
    struct main_session *m = &shim->main;
    if (!m->requested || m->started || m->failed || frame->header.length != STARTED_BYTES) {
        vmm_fault(shim, EPROTO, "the guest reports an impossible start");
        return;
    }
    m->started = true;
    m->started_ms = clock_monotonic_ms();
    /* The guest ends a command whose time is up, within 2 s. One that does not is hostile or hangs. */
    if (shim->config.timeout_ms)
        watch_set_deadline(&shim->watch, (uint64_t)shim->config.timeout_ms + TIME_OUT_GRACE_MS);
    shim->phase = BL_SHIM_PHASE_RUNNING;
    struct err err;
    /* Without it the engine still finds the shim by its socket. */
    (void)records_write_started(shim, &err);
    notify_clients(shim, frame);
}

static void exited(struct shim *shim, const struct frame *frame) {
    struct main_session *m = &shim->main;
    struct rd rd = {.p = frame->payload, .left = frame->header.length};
    uint32_t code = rd_u32(&rd), signal = rd_u32(&rd), flags = rd_u32(&rd);
    if (!m->started || m->exited || rd.bad || rd.left || code > 255 || signal > 64) {
        vmm_fault(shim, EPROTO, "the guest reports an impossible exit");
        return;
    }
    m->exited = true;
    memcpy(m->exited_payload, frame->payload, EXITED_BYTES);
    shim->phase = BL_SHIM_PHASE_EXITED;
    /* Recorded before it is sent: a client that learns of the end finds the record. */
    records_write_exit(shim, code, signal, flags, "exited");
    notify_clients(shim, frame);
    vmm_continue(shim);
    watch_set_deadline(&shim->watch, POWER_OFF_MS);
}

bool main_timed_out(const struct shim *shim) {
    const struct main_session *m = &shim->main;
    uint32_t timeout_ms = shim->config.timeout_ms;
    return timeout_ms && m->started && !m->exited && clock_monotonic_ms() - m->started_ms >= timeout_ms;
}

/* Main's start and end go to every attached client, and to the one that started it. */
static void notify_clients(struct shim *shim, const struct frame *frame) {
    for (uint32_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = shim->clients[i];
        if (client && (client->attached || client->id == shim->main.requested_by))
            client_send(shim, client, &frame->header, frame->payload);
    }
}
