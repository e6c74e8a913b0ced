/* The state of the switch: a port for each box. */
#ifndef BOXLITE_NET_SWITCH_PORT_H
#define BOXLITE_NET_SWITCH_PORT_H

#include <poll.h>

#include "../../common/net-control.h"
#include "../link/link.h"
#include "../nat/gaps.h"
#include "../nat/nat.h"
#include "../policy/policy.h"
#include "bucket.h"
#include "stream.h"

enum { MAX_PORTS = 256 };

struct port {
    struct stream stream; /* its fd is -1 where the port is free */
    struct net_port box;
    struct in6_addr address, address6;
    struct policy policy;
    struct bucket tx, rx; /* of what the box sends, and of what it receives */
    uint64_t refused; /* packets that may not go where they want to, or are no honest packets */
};

struct switch_callbacks {
    /* A box asks the resolver by a datagram. */
    void (*query)(void *context, uint32_t port, const struct packet *packet);
    /* Something that the box at this port begins was allowed or refused. */
    void (*decided)(void *context, uint32_t port, const struct packet *packet, const struct verdict *verdict);
    /* The box at this port is gone. */
    void (*removed)(void *context, uint32_t port);
    /* The hub of one of a box's networks is gone; as link_callbacks. */
    bool (*link_lost)(void *context, const struct link *link);
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
    struct gaps gaps;
};

/* Whether the address is the gateway's or the resolver's. */
static inline bool switch_is_ours(const struct net_switch *s, const struct in6_addr *address) {
    return same_address(address, &s->gateway) || same_address(address, &s->resolver) ||
           same_address(address, &s->network.gateway6) || same_address(address, &s->network.resolver6);
}

#endif
