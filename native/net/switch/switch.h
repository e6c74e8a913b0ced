/* The switch: one port for each box, each with fixed addresses. Nothing is learned from what a box sends, so none can
 * pass for another, and what is not addressed as it should be goes no further than here. */
#ifndef BOXLITE_NET_SWITCH_SWITCH_H
#define BOXLITE_NET_SWITCH_SWITCH_H

#include <poll.h>

#include "../../common/net-control.h"
#include "../link/link.h"
#include "../nat/nat.h"
#include "../policy/policy.h"
#include "stream.h"

enum { MAX_PORTS = 256 };

struct port {
    struct stream stream; /* its fd is -1 where the port is free */
    struct net_port box;
    struct in6_addr address, address6;
    struct policy policy;
    uint64_t refused; /* packets that may not go where they want to, or are no honest packets */
};

struct switch_callbacks {
    /* A box asks the resolver by a datagram. */
    void (*query)(void *context, uint32_t port, const struct packet *packet);
    /* Something that the box at this port begins was allowed or refused. */
    void (*decided)(void *context, uint32_t port, const struct packet *packet, const struct verdict *verdict);
    /* The box at this port is gone. */
    void (*removed)(void *context, uint32_t port);
    /* The hub of one of a box's networks is gone. */
    void (*link_lost)(void *context, const struct link *link);
    void *context;
};

struct net_switch {
    struct net_open network;
    struct in6_addr gateway, resolver;
    struct nat *nat;
    struct switch_callbacks callbacks;
    struct port ports[MAX_PORTS];
    uint32_t port_count; /* places in use, free ones among them */
    struct links links;
};

void switch_open(struct net_switch *s, const struct net_open *network, const struct switch_callbacks *callbacks);
/* Takes over the stream's descriptor. Returns the port's number, or -1 with the reason. */
int switch_add(struct net_switch *s, const struct net_port *box, int fd, struct err *err);
void switch_remove(struct net_switch *s, uint32_t port);

/* Whether the address is the gateway's or the resolver's. */
bool switch_is_ours(const struct net_switch *s, const struct in6_addr *address);
/* The port of the box with this address, or -1. */
int switch_find(const struct net_switch *s, const struct in6_addr *address);
/* A frame for the box whose address it bears. */
void switch_to_box(struct net_switch *s, const uint8_t *frame, size_t size);
void switch_to_port(struct net_switch *s, uint32_t port, const uint8_t *frame, size_t size);

/* As nat_poll and nat_polled: one entry for each place in use. */
size_t switch_poll(struct net_switch *s, struct pollfd *fds);
void switch_polled(struct net_switch *s, const struct pollfd *fds, size_t count);

#endif
