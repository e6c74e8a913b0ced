/* The resolver's place in the network: queries come as packets of the switch or as streams of the NAT, and replies go
 * back to where they came from. */
#ifndef BOXLITE_NET_NAMES_NAMES_H
#define BOXLITE_NET_NAMES_NAMES_H

#include "../dns/tcp-clients.h"
#include "../switch/switch.h"

struct names {
    struct resolver resolver;
    struct tcp_clients streams;
    struct net_switch *network;
    void (*want_servers)(void *context);
    void *context;
    size_t resolver_fds; /* of the last names_poll; they stand first */
};

enum { MAX_NAMES_FDS = DNS_RESOLVER_FDS + DNS_MAX_STREAMS };

/* @param want_servers asks for the host's name servers, which names_set_servers receives */
void names_open(struct names *names, struct net_switch *network, void (*want_servers)(void *context), void *context);
void names_set_servers(struct names *names, const struct net_resolvers *servers);

/* A datagram of the box at this port to the resolver. */
void names_query(struct names *names, uint32_t port, const struct packet *packet);
/* A connection to the resolver: returns the end that is the box's, or -1. */
int names_stream(struct names *names, uint32_t port);
/* The box is gone. */
void names_drop(struct names *names, uint32_t port);

/* As nat_poll and nat_polled. */
size_t names_poll(struct names *names, struct pollfd *fds, int *timeout_ms);
void names_polled(struct names *names, const struct pollfd *fds, size_t count);

#endif
