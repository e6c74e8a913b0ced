#include "net.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../common/net-control.h"
#include "../box/records.h"
#include "../broker/broker.h"
#include "../broker/hub.h"
#include "../broker/ports.h"
#include "../system/clock.h"
#include "../system/watch.h"
#include "../vmm/ids.h"
#include "child.h"
#include "control.h"
#include "links.h"

static int send_open(struct shim *shim, uint32_t user, struct err *err);
static int send_port(struct shim *shim, struct err *err);
static int send_policy(struct shim *shim, struct err *err);
static int send_rates(struct shim *shim, struct err *err);
static int send_resolvers(struct shim *shim, struct err *err);
static int send_publications(struct shim *shim, struct err *err);
static int send_links(struct shim *shim, struct err *err);

int net_start(struct shim *shim, struct err *err) {
    if (!*shim->config.net.program)
        return 0;
    shim->stage = BL_STAGE_NETWORK;
    shim->net.started_ms = clock_monotonic_ms();
    uint32_t user;
    if (ports_bind(shim, err) || records_write_ports(shim, err) ||
        vmm_ids_take(&shim->config, &user, &shim->net.ids_fd, err) || net_child_start(shim, err))
        return -1;
    return send_open(shim, user, err) || send_port(shim, err) || send_policy(shim, err) || send_rates(shim, err) ||
                   send_resolvers(shim, err) || send_publications(shim, err) || send_links(shim, err)
               ? -1
               : 0;
}

int net_ready(struct shim *shim, struct err *err) {
    if (!*shim->config.net.program)
        return 0;
    uint32_t reached = shim->stage;
    shim->stage = BL_STAGE_NETWORK;
    if (net_await(shim, 0, err))
        return -1;
    if (watch_add(&shim->watch, shim->net.control_fd, ON_NET, 0, EPOLLIN) ||
        watch_add(&shim->watch, shim->net.output_fd, ON_NET_OUTPUT, 0, EPOLLIN))
        return err_errno(err, "watch boxlite-net");
    shim->stage = reached;
    return 0;
}

void net_ended(struct shim *shim, int status, struct err *why) {
    shim->net.pid = 0;
    net_child_output(shim);
    net_child_epitaph(shim, status, why);
    net_child_end(shim);
    records_write_net_ended(shim, why->msg);
}

void net_stop(struct shim *shim) {
    ports_close(shim);
    net_child_end(shim);
}

static int send_open(struct shim *shim, uint32_t user, struct err *err) {
    const struct net_config *config = &shim->config.net;
    _Static_assert(NET_SAME_USER == UNCHANGED_ID, "both stand for the caller's user");
    struct net_open message = {
        .type = NET_OPEN,
        .generation = NET_GENERATION,
        .user = user,
        .prefix = config->prefix,
        .gateway = config->gateway,
        .resolver = config->resolver,
        .prefix_length = config->prefix_length,
        .mtu = config->mtu,
        .prefix6 = config->prefix6,
        .gateway6 = config->gateway6,
        .resolver6 = config->resolver6,
    };
    return net_send(shim, &message, sizeof message, -1, true, err);
}

/* The VMM gets one end of the frames' stream, boxlite-net the other, and the shim keeps none. */
static int send_port(struct shim *shim, struct err *err) {
    const struct net_config *config = &shim->config.net;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return err_errno(err, "make the VMM's network");
    shim->net.frames_fd = pair[0];
    cleanup_fd int theirs = pair[1];
    struct net_port message = {.type = NET_PORT, .address = config->address, .address6 = config->address6};
    memcpy(message.mac, config->mac, sizeof message.mac);
    return net_send(shim, &message, sizeof message, theirs, true, err);
}

/* No program of the box runs before it is answered: net_ready waits for that. */
static int send_policy(struct shim *shim, struct err *err) {
    const struct net_policy *policy = shim->config.net.policy;
    if (!policy)
        return 0;
    return net_send(shim, policy, net_policy_bytes(policy), -1, true, err);
}

static int send_rates(struct shim *shim, struct err *err) {
    const struct net_rates *rates = &shim->config.net.rates;
    return rates->tx || rates->rx ? net_send(shim, rates, sizeof *rates, -1, true, err) : 0;
}

static int send_resolvers(struct shim *shim, struct err *err) {
    struct net_resolvers message;
    return broker_resolvers(shim, &message, err) ? -1 : net_send(shim, &message, sizeof message, -1, false, err);
}

/* The shim keeps none of the sockets: they close when boxlite-net ends. */
static int send_publications(struct shim *shim, struct err *err) {
    const struct net_config *config = &shim->config.net;
    for (uint32_t i = 0; i < config->port_count; i++) {
        struct net_publish message = port_publication(shim, &shim->config.net.ports[i]);
        if (net_send(shim, &message, sizeof message, shim->net.sockets[i], true, err))
            return -1;
    }
    ports_close(shim);
    return 0;
}

/* A box that could not be in all its networks does not start. */
static int send_links(struct shim *shim, struct err *err) {
    for (uint32_t i = 0; i < shim->config.net.link_count; i++) {
        struct link_config *link = &shim->config.net.links[i];
        uint64_t begun_ms = clock_monotonic_ms();
        cleanup_fd int fd = broker_join(shim, link, HUB_LOCK_MS, HUB_ANSWER_MS, true, err);
        if (fd < 0)
            return -1;
        /* Hubs have a time of their own. */
        shim->net.started_ms += clock_monotonic_ms() - begun_ms;
        struct net_link message = link_message(shim, link);
        if (net_send(shim, &message, sizeof message, fd, true, err))
            return -1;
    }
    return 0;
}
