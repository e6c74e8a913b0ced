#include "bootstrap.h"

#include <errno.h>
#include <string.h>

#include "../../common/wire.h"
#include "../../protocol/protocol.h"
#include "../box/cgroup.h"
#include "../box/devices.h"
#include "../notify/notifier.h"
#include "../system/clock.h"
#include "disks.h"
#include "etc-files.h"
#include "identity.h"
#include "network.h"
#include "volumes.h"

/* What PREPARE has done already. */
struct prepared {
    bool done;
    struct network network;
};

static int await_message(struct port *port, struct box *box, struct message *message, struct prepared *prepared);
static int prepare(struct port *port, struct box *box, const struct message *message, struct prepared *prepared);
static int prepare_root(struct box *box, const struct message *message, struct prepared *prepared, uint32_t *stage,
                        struct err *err);
static int run(struct box *box, const struct message *message, const struct prepared *prepared, uint64_t spent_ns[3],
               uint32_t *stage, struct err *err);
static int enter_box(struct box *box, const struct bootstrap *request, const struct message *message, struct err *err);
static int configure_network(const struct bootstrap *request, const struct prepared *prepared, struct err *err);
static int give_primary(const struct network *network, const struct prepared *prepared, struct err *err);

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
    struct prepared prepared = {.done = false};
    struct err err;
    uint64_t spent_ns[3];
    uint32_t stage = BL_STAGE_BOOTSTRAP;
    if (await_message(port, box, &message, &prepared))
        return -1;
    if (run(box, &message, &prepared, spent_ns, &stage, &err)) {
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

/* Answers anything but BOOTSTRAP as too early; SHUTDOWN is obeyed at any time. */
static int await_message(struct port *port, struct box *box, struct message *message, struct prepared *prepared) {
    struct err err;
    for (;;) {
        port_receive(port);
        int found = inbox_next(&port->inbox, message, &err);
        if (found > 0 && message->type == BL_MSG_BOOTSTRAP)
            return 0;
        if (found > 0 && message->type == BL_MSG_SHUTDOWN)
            return -1;
        if (found > 0 && message->type == BL_MSG_PREPARE && !prepared->done) {
            if (prepare(port, box, message, prepared))
                return -1;
            continue;
        }
        if (found > 0)
            err_set(&err, EPROTO, "the box has not been bootstrapped");
        if (found)
            port_send_failed(port, found > 0 ? message->session : BL_SESSION_CONTROL, BL_STAGE_BOOTSTRAP, &err);
        port_flush(port);
        if (found == 0 && !port->readable)
            port_wait(port, -1);
    }
}

static int prepare(struct port *port, struct box *box, const struct message *message, struct prepared *prepared) {
    struct err err;
    uint32_t stage = BL_STAGE_BOOTSTRAP;
    if (prepare_root(box, message, prepared, &stage, &err)) {
        port_send_failed(port, BL_SESSION_CONTROL, stage, &err);
        return -1;
    }
    prepared->done = true;
    port_send(port, BL_SESSION_CONTROL, BL_MSG_PREPARED, NULL, 0);
    port_flush(port);
    return 0;
}

static int prepare_root(struct box *box, const struct message *message, struct prepared *prepared, uint32_t *stage,
                        struct err *err) {
    if (prepare_decode(message->payload, message->size, &prepared->network, err))
        return -1;
    *stage = BL_STAGE_NETWORK;
    if (network_give_addresses(&prepared->network, err))
        return -1;
    *stage = BL_STAGE_DISKS;
    if (disks_mount(err) || box_enter_root(box, err))
        return -1;
    return disks_sync(err);
}

static int run(struct box *box, const struct message *message, const struct prepared *prepared, uint64_t spent_ns[3],
               uint32_t *stage, struct err *err) {
    static struct bootstrap request;
    uint64_t at[4];
    at[0] = monotonic_ns();
    if (bootstrap_decode(message->payload, message->size, &request, err) || identity_take(&request, err) ||
        cgroup_limit_pids(request.pids_max, err) || cgroup_limit_memory(err) || cgroup_limit(&request, err))
        return -1;
    box->all_devices = request.flags & BL_BOX_PRIVILEGED;
    if (box->all_devices ? devices_allow_all(err) : devices_allow(&request, err))
        return -1;
    at[1] = monotonic_ns();
    *stage = BL_STAGE_DISKS;
    if (!prepared->done && disks_mount(err))
        return -1;
    at[2] = monotonic_ns();
    *stage = BL_STAGE_NETWORK;
    if (configure_network(&request, prepared, err))
        return -1;
    at[3] = monotonic_ns();
    *stage = BL_STAGE_DISKS;
    if (etc_files_write(&request, err) || enter_box(box, &request, message, err))
        return -1;
    spent_ns[0] = at[1] - at[0];
    spent_ns[1] = at[2] - at[1] + (monotonic_ns() - at[3]);
    spent_ns[2] = at[3] - at[2];
    bootstrap_free(&request);
    return 0;
}

static int enter_box(struct box *box, const struct bootstrap *request, const struct message *message, struct err *err) {
    struct passed disks;
    int failed = volumes_mount(request, &disks, err) || box_enter(box, message->payload, message->size, &disks, err);
    volumes_close(&disks);
    if (failed)
        return -1;
    if (!notify_wanted(request))
        return 0;
    box->notifier = notifier_start(request, box->pid, box->pidfd, err);
    return box->notifier < 0 ? -1 : 0;
}

static int configure_network(const struct bootstrap *request, const struct prepared *prepared, struct err *err) {
    if (!(request->flags & BL_BOX_NETWORK))
        return network_remove(err);
    if (request->has_mac && network_set_mac(request->mac, err))
        return -1;
    if (give_primary(&request->network, prepared, err))
        return -1;
    for (uint32_t i = 0; i < request->address_count; i++)
        if (network_change_address(true, &request->addresses[i], err))
            return -1;
    return 0;
}

/* An image's template has the addresses that most boxes have. */
static int give_primary(const struct network *network, const struct prepared *prepared, struct err *err) {
    if (prepared->done && memcmp(network, &prepared->network, sizeof prepared->network) == 0)
        return 0;
    if (prepared->done && network_take_addresses(&prepared->network, err))
        return -1;
    return network_give_addresses(network, err);
}
