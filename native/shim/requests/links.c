#include "links.h"

#include <errno.h>
#include <string.h>

#include "../../common/cleanup.h"
#include "../broker/broker.h"
#include "../net/links.h"
#include "../system/clock.h"
#include "pending.h"

enum {
    /* A client waits for these, and so does the whole box, also for a hub that hangs. */
    LOCK_MS = 500,
    ANSWER_MS = 1000,
    /* Nobody waits to join again, which is tried more than once. */
    AGAIN_ANSWER_MS = 100,
};

static int connect_network(struct shim *shim, struct net_request *request, const struct frame *frame, struct err *err);
static int disconnect_network(struct shim *shim, const struct net_request *request, const struct frame *frame,
                              struct err *err);
static int join_again(struct shim *shim, struct link_config *link);

void connect_request(struct shim *shim, struct client *client, const struct frame *frame) {
    struct net_request request = pending_request(NET_REQUEST_CONNECT, client, frame);
    struct err err;
    if (connect_network(shim, &request, frame, &err))
        pending_refuse(shim, &request, &err);
}

static int connect_network(struct shim *shim, struct net_request *request, const struct frame *frame, struct err *err) {
    struct net_config *config = &shim->config.net;
    struct link_config link;
    if (config_net_read_link(frame->payload, frame->header.length, &link, err))
        return -1;
    if (shim->net.control_fd < 0)
        return err_set(err, ENETDOWN, "the box has %s network", *config->program ? "lost its" : "no");
    if (!config_has_hubs(config))
        return err_set(err, ENOTSUP, "the box has been started without named networks; restart it");
    if (link_by_network(shim, link.network))
        return err_set(err, EEXIST, "the box is in network %.12s already", link.network);
    if (config->link_count == BL_LIMIT_MAX_LINKS)
        return err_set(err, E2BIG, "a box can be in %d networks", BL_LIMIT_MAX_LINKS);
    cleanup_fd int fd = broker_join(shim, &link, LOCK_MS, ANSWER_MS, false, err);
    if (fd < 0)
        return -1;
    struct net_link message = link_message(shim, &link);
    request->link = link.id;
    if (pending_send(shim, request, &message, sizeof message, fd, err))
        return -1;
    config->links[config->link_count++] = link;
    return 0;
}

void disconnect_request(struct shim *shim, struct client *client, const struct frame *frame) {
    struct net_request request = pending_request(NET_REQUEST_DISCONNECT, client, frame);
    struct err err;
    if (disconnect_network(shim, &request, frame, &err))
        pending_refuse(shim, &request, &err);
}

static int disconnect_network(struct shim *shim, const struct net_request *request, const struct frame *frame,
                              struct err *err) {
    char network[NETWORK_ID_BYTES + 1];
    if (config_net_read_network(frame->payload, frame->header.length, network, err))
        return -1;
    const struct link_config *link = link_by_network(shim, network);
    if (!link)
        return err_set(err, ENOENT, "the box is not in network %.12s", network);
    struct net_unlink message = {.type = NET_UNLINK, .id = link->id};
    if (pending_send(shim, request, &message, sizeof message, -1, err))
        return -1;
    link_forget(shim, link->id);
    return 0;
}

void linked(struct shim *shim, const struct net_request *request) {
    if (request->kind == NET_REQUEST_CONNECT)
        pending_done(shim, request, 0);
}

void not_linked(struct shim *shim, const struct net_request *request) {
    struct link_config *link = link_by_id(shim, request->link);
    if (request->kind == NET_REQUEST_CONNECT)
        link_forget(shim, request->link);
    else if (link)
        link_lost(shim, link);
}

void links_timer(struct shim *shim) {
    uint64_t expirations, now = clock_monotonic_ms();
    if (read(shim->net.links_timer_fd, &expirations, sizeof expirations) < 0 || shim->net.control_fd < 0)
        return;
    for (uint32_t i = 0; i < shim->config.net.link_count; i++) {
        struct link_config *link = &shim->config.net.links[i];
        if (link->due_ms && link->due_ms <= now && join_again(shim, link))
            link_lost(shim, link);
    }
    links_wake(shim);
}

static int join_again(struct shim *shim, struct link_config *link) {
    struct err ignored;
    struct net_request request = {.kind = NET_REQUEST_JOIN_AGAIN, .link = link->id};
    cleanup_fd int fd = broker_join(shim, link, 0, AGAIN_ANSWER_MS, false, &ignored);
    struct net_link message = link_message(shim, link);
    if (fd < 0 || pending_send(shim, &request, &message, sizeof message, fd, &ignored))
        return -1;
    link->due_ms = 0;
    return 0;
}
