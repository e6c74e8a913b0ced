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
    NET_MAX_RULES = 128,
    NET_MAX_HOST_PORTS = 32,
    NET_NAME_BYTES = 256, /* a domain name of 253 bytes, "*." before it, and the zero at its end */
};

enum net_message {
    /* From the shim. OPEN comes first and once, PORT next; the others at any time after. */
    NET_OPEN = 1,
    NET_PORT,      /* with the descriptor of the host's end of the VMM's stream */
    NET_RESOLVERS,
    NET_PUBLISH,   /* with a bound socket: of TCP listening, of UDP bound */
    NET_UNPUBLISH,
    NET_POLICY, /* replaces what the box may reach; connections that it shuts are cut */
    NET_LINK,   /* with a connection to the hub of a named network, which has answered JOIN; replaces one of its id */
    NET_UNLINK,
    NET_RATES, /* replaces how fast the box may send and receive */
    /* From boxlite-net: one ANSWER to each OPEN, PORT, PUBLISH, UNPUBLISH, POLICY, LINK, UNLINK and RATES, in
     * their order. */
    NET_ANSWER = 0x41,
    NET_WANT_RESOLVERS, /* a name was asked for; answered by RESOLVERS, whether or not they have changed */
    NET_DECISION,       /* what was decided of a box's packet that begins something, where its policy says so */
    NET_LINK_LOST,      /* the hub is gone; its network stays shut until LINK or UNLINK */
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

/* What a box may reach besides what its rules say. The host itself, link-local and metadata addresses are shut in every
 * mode, and no rule opens them. */
enum net_mode {
    NET_MODE_OPEN,     /* everything else */
    NET_MODE_PUBLIC,   /* no private address, either */
    NET_MODE_LISTED,   /* what rules allow */
    NET_MODE_INTERNAL, /* nothing; names of the network are resolved, no others */
};

enum net_rule_kind {
    NET_RULE_ADDRESS, /* an address, or all of a prefix */
    NET_RULE_NAME,    /* the addresses that our resolver has given the box for the name */
    NET_RULE_BELOW,   /* the same for all names below it, which were asked for as such */
};

struct net_rule {
    uint8_t denies; /* else it allows; what one rule denies no other allows */
    uint8_t kind;
    uint8_t protocol;        /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP (echo requests of both families), or 0: all */
    uint8_t prefix_length;   /* of the 128 bits of a v4-mapped or IPv6 address */
    uint16_t first_port, last_port; /* 0 and 65535: all */
    struct in6_addr address;
    char name[NET_NAME_BYTES]; /* without a dot at its end */
};

struct net_policy {
    uint32_t type, mode;
    uint32_t reports; /* whether DECISION is sent */
    uint32_t rule_count, host_port_count;
    /* TCP ports of the host's loopback that the box reaches at the gateway's address. */
    uint16_t host_ports[NET_MAX_HOST_PORTS];
    struct net_rule rules[NET_MAX_RULES]; /* only rule_count of them are sent */
};

struct net_link {
    uint32_t type;
    uint32_t id; /* chosen by the shim, not 0 */
    uint32_t prefix, prefix_length;
    uint32_t address; /* the box's there */
    struct in6_addr prefix6, address6; /* prefix6 is a /64 */
};

/* Bytes per second, of the frames as they pass between VMM and boxlite-net; 0: no cap. */
struct net_rates {
    uint32_t type, padding;
    uint64_t tx, rx; /* of what the box sends, and of what it receives */
};

/* UNLINK and LINK_LOST. */
struct net_unlink {
    uint32_t type, id;
};

struct net_decision {
    uint32_t type;
    uint8_t allowed, protocol;
    uint16_t port;
    int32_t rule; /* its index, or -1: the mode's decision */
    uint32_t left_out; /* decisions since the last that was sent: there were too many, or the shim did not keep up */
    struct in6_addr address;
    char name[NET_NAME_BYTES]; /* that the box had asked for, if a rule of names decided */
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
