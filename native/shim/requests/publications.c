#include "publications.h"

#include <errno.h>
#include <string.h>

#include "../../common/cleanup.h"
#include "../box/records.h"
#include "../broker/broker.h"
#include "../broker/ports.h"
#include "pending.h"

static int publish(struct shim *shim, struct net_request *request, const struct frame *frame, struct err *err);
static void take_back(struct shim *shim, const struct published_port *port);
static int unpublish(struct shim *shim, struct net_request *request, const struct frame *frame, struct err *err);
static const struct published_port *find(const struct net_config *config, const struct published_port *port);
static void forget(struct net_config *config, uint32_t id);

void publish_request(struct shim *shim, struct client *client, const struct frame *frame) {
    struct net_request request = pending_request(NET_REQUEST_PUBLISH, client, frame);
    struct err err;
    if (publish(shim, &request, frame, &err))
        pending_refuse(shim, &request, &err);
}

static int publish(struct shim *shim, struct net_request *request, const struct frame *frame, struct err *err) {
    if (config_net_read_port(frame->payload, frame->header.length, &request->port, err))
        return -1;
    /* Those that are asked for count: they may all be granted. */
    if (shim->config.net.port_count + shim->net.request_count >= BL_LIMIT_MAX_PORTS)
        return err_set(err, E2BIG, "a box can publish %d ports", BL_LIMIT_MAX_PORTS);
    if (shim->net.control_fd < 0)
        return err_set(err, ENETDOWN, "the box has %s network", *shim->config.net.program ? "lost its" : "no");
    cleanup_fd int fd = broker_bind(shim, &request->port, err);
    if (fd < 0)
        return -1;
    struct net_publish message = port_publication(shim, &request->port);
    return pending_send(shim, request, &message, sizeof message, fd, err);
}

void published(struct shim *shim, const struct net_request *request) {
    struct net_config *config = &shim->config.net;
    struct err err;
    config->ports[config->port_count++] = request->port;
    if (records_write_ports(shim, &err) == 0) {
        pending_done(shim, request, request->port.host_port);
        return;
    }
    take_back(shim, &request->port);
    pending_refuse(shim, request, &err);
}

/* A port that nobody could learn of is not left open. */
static void take_back(struct shim *shim, const struct published_port *port) {
    struct net_unpublish message = {.type = NET_UNPUBLISH, .id = port->id};
    struct err ignored;
    forget(&shim->config.net, port->id);
    (void)pending_send(shim, &(struct net_request){.kind = NET_REQUEST_TAKE_BACK}, &message, sizeof message, -1,
                       &ignored);
}

void unpublish_request(struct shim *shim, struct client *client, const struct frame *frame) {
    struct net_request request = pending_request(NET_REQUEST_UNPUBLISH, client, frame);
    struct err err;
    if (unpublish(shim, &request, frame, &err))
        pending_refuse(shim, &request, &err);
}

static int unpublish(struct shim *shim, struct net_request *request, const struct frame *frame, struct err *err) {
    if (config_net_read_port(frame->payload, frame->header.length, &request->port, err))
        return -1;
    const struct published_port *port = find(&shim->config.net, &request->port);
    if (!port) {
        char text[PORT_TEXT_BYTES];
        port_text(&request->port, text);
        return err_set(err, ENOENT, "nothing is published at %s", text);
    }
    request->port = *port;
    struct net_unpublish message = {.type = NET_UNPUBLISH, .id = port->id};
    return pending_send(shim, request, &message, sizeof message, -1, err);
}

void unpublished(struct shim *shim, const struct net_request *request) {
    struct err err;
    forget(&shim->config.net, request->port.id);
    if (records_write_ports(shim, &err))
        pending_refuse(shim, request, &err);
    else
        pending_done(shim, request, request->port.host_port);
}

static const struct published_port *find(const struct net_config *config, const struct published_port *port) {
    for (uint32_t i = 0; i < config->port_count; i++) {
        const struct published_port *each = &config->ports[i];
        if (each->protocol == port->protocol && each->is_v6 == port->is_v6 && each->host_port == port->host_port &&
            each->box_port == port->box_port &&
            memcmp(&each->host_address, &port->host_address, sizeof each->host_address) == 0)
            return each;
    }
    return NULL;
}

static void forget(struct net_config *config, uint32_t id) {
    for (uint32_t i = 0; i < config->port_count; i++)
        if (config->ports[i].id == id) {
            memmove(&config->ports[i], &config->ports[i + 1], (--config->port_count - i) * sizeof config->ports[0]);
            return;
        }
}
