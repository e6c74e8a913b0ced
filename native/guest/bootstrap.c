#include "bootstrap.h"

#include <errno.h>

#include "../common/wire.h"
#include "../protocol/protocol.h"
#include "cgroup.h"
#include "disks.h"
#include "etc-files.h"
#include "identity.h"
#include "network.h"
#include "session.h"

static int await_message(struct port *port, struct message *message);
static int run(struct box *box, const struct message *message, uint64_t spent_ns[3], uint32_t *stage, struct err *err);

void send_ready(struct port *port) {
    uint8_t payload[12];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, BL_GENERATION);
    wr_u64(&wr, monotonic_ns());
    port_send(port, BL_SESSION_CONTROL, BL_MSG_READY, payload, wr.used);
    port_flush(port);
}

int bootstrap(struct port *port, struct box *box) {
    struct message message;
    struct err err;
    uint64_t spent_ns[3];
    uint32_t stage = BL_STAGE_BOOTSTRAP;
    if (await_message(port, &message))
        return -1;
    if (run(box, &message, spent_ns, &stage, &err)) {
        port_send_failed(port, BL_SESSION_CONTROL, stage, &err);
        return -1;
    }
    uint8_t payload[24];
    struct wr wr = {.p = payload, .size = sizeof payload};
    for (int i = 0; i < 3; i++)
        wr_u64(&wr, spent_ns[i]);
    port_send(port, BL_SESSION_CONTROL, BL_MSG_BOOTSTRAPPED, payload, wr.used);
    port_flush(port);
    return 0;
}

/* Anything but BOOTSTRAP is too early and is said to be, and SHUTDOWN is obeyed at any time. */
static int await_message(struct port *port, struct message *message) {
    struct err err;
    for (;;) {
        port_receive(port);
        int found = inbox_next(&port->inbox, message, &err);
        if (found > 0 && message->type == BL_MSG_BOOTSTRAP)
            return 0;
        if (found > 0 && message->type == BL_MSG_SHUTDOWN)
            return -1;
        if (found > 0)
            err_set(&err, EPROTO, "the box has not been bootstrapped");
        if (found)
            port_send_failed(port, found > 0 ? message->session : BL_SESSION_CONTROL, BL_STAGE_BOOTSTRAP, &err);
        port_flush(port);
        if (found == 0 && !port->readable)
            port_wait(port, -1);
    }
}

static int run(struct box *box, const struct message *message, uint64_t spent_ns[3], uint32_t *stage,
               struct err *err) {
    static struct bootstrap request;
    uint64_t at[4];
    at[0] = monotonic_ns();
    if (bootstrap_decode(message->payload, message->size, &request, err) || identity_take(&request, err) ||
        cgroup_limit_pids(request.pids_max, err))
        return -1;
    at[1] = monotonic_ns();
    *stage = BL_STAGE_DISKS;
    if (disks_mount(err))
        return -1;
    at[2] = monotonic_ns();
    *stage = BL_STAGE_NETWORK;
    if (network_configure(&request, err))
        return -1;
    at[3] = monotonic_ns();
    *stage = BL_STAGE_DISKS;
    if (etc_files_write(&request, err) || box_enter(box, message->payload, message->size, err))
        return -1;
    spent_ns[0] = at[1] - at[0];
    spent_ns[1] = at[2] - at[1] + (monotonic_ns() - at[3]);
    spent_ns[2] = at[3] - at[2];
    bootstrap_free(&request);
    return 0;
}
