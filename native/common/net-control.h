/* How a shim and boxlite-net talk: datagrams of these structures over a SOCK_SEQPACKET socket pair. Both ends are of
 * one build on one machine, so they are sent as they lie in memory. Addresses of IPv4 are numbers in the host's order,
 * as on the wire between engine and agent (10.0.2.15 = 0x0a00020f); those of IPv6 are in network order. */
#ifndef BOXLITE_COMMON_NET_CONTROL_H
#define BOXLITE_COMMON_NET_CONTROL_H

#include <netinet/in.h>
#include <stdint.h>

enum {
    NET_CONTROL_FD = 3,
    NET_GENERATION = 1,
    NET_MAX_RESOLVERS = 8,
    NET_MAX_TEXT = 200,
};

enum net_message {
    /* From the shim. OPEN comes first and once, PORT next; the others at any time after. */
    NET_OPEN = 1,
    NET_PORT,      /* with the descriptor of the host's end of the VMM's stream */
    NET_RESOLVERS,
    NET_PUBLISH,   /* with a bound socket: of TCP listening, of UDP bound */
    NET_UNPUBLISH,
    /* From boxlite-net: one ANSWER to each OPEN, PORT, PUBLISH and UNPUBLISH, in their order. */
    NET_ANSWER = 0x41,
    NET_WANT_RESOLVERS, /* a name was asked for; answered by RESOLVERS, whether or not they have changed */
};

/* The user id of net_open when boxlite-net keeps its caller's. */
#define NET_SAME_USER UINT32_MAX

struct net_open {
    uint32_t type, generation;
    uint32_t user; /* user and group to become, or NET_SAME_USER */
    uint32_t prefix, gateway, resolver;
    uint32_t prefix_length;
    uint32_t mtu;
    struct in6_addr prefix6, gateway6, resolver6; /* prefix6 is a /64 */
};

struct net_port {
    uint32_t type;
    uint32_t address;
    struct in6_addr address6;
    uint8_t mac[6];
    uint8_t padding[2];
};

struct net_resolvers {
    uint32_t type, count;
    struct sockaddr_storage servers[NET_MAX_RESOLVERS]; /* sockaddr_in or sockaddr_in6, port included */
};

struct net_publish {
    uint32_t type;
    uint32_t id;       /* chosen by the shim; names the publication in UNPUBLISH */
    uint32_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
    uint32_t box_port;
};

struct net_unpublish {
    uint32_t type, id;
};

struct net_answer {
    uint32_t type;
    int32_t code; /* 0, or an errno */
    char text[NET_MAX_TEXT];
};

struct net_want_resolvers {
    uint32_t type;
};

#endif
