/* How the hub of a named network and its members talk: datagrams over SOCK_SEQPACKET. A datagram that begins with the
 * version of IP (the high half of its first byte is 4 or 6) is a packet; every other is one of these messages. Both
 * ends are of one build on one machine, so they are sent as they lie in memory. Addresses of IPv4 are numbers in the
 * host's order; those of IPv6 are in network order. */
#ifndef BOXLITE_COMMON_HUB_WIRE_H
#define BOXLITE_COMMON_HUB_WIRE_H

#include <netinet/in.h>
#include <stdint.h>

enum {
    HUB_LISTEN_FD = 3, /* the hub's listening socket */
    HUB_USER_FD = 4,   /* keeps the hub's user reserved until it has become that user; only where it has one */
    HUB_GENERATION = 1,
    HUB_MAX_MEMBERS = 256,
    HUB_MAX_NAMES = 32,     /* of a member */
    HUB_NAMES_BYTES = 2048, /* of all its names together */
    HUB_MAX_TEXT = 200,
    HUB_MAX_PACKET = 65535,
};

enum hub_message {
    /* From who wants to be a member, once and first. */
    HUB_JOIN = 1,
    /* From the hub: one ANSWER to JOIN; then a MEMBER for each there is, the new one included, and for each that
     * joins later; LEFT for each that leaves. */
    HUB_ANSWER,
    HUB_MEMBER,
    HUB_LEFT,
    /* From who has started another hub, because this one did not answer, instead of JOIN: it is to end. */
    HUB_REPLACED,
};

/* JOIN and MEMBER. */
struct hub_member {
    uint8_t type, padding;
    uint16_t names_size;
    uint32_t generation; /* of JOIN; else 0 */
    uint32_t address;
    struct in6_addr address6;
    char names[HUB_NAMES_BYTES]; /* separated by spaces, in lower case; only names_size bytes of them are sent */
};

struct hub_answer {
    uint8_t type, padding[3];
    int32_t code; /* 0, or an errno: the hub closes the connection behind it */
    char text[HUB_MAX_TEXT];
};

struct hub_left {
    uint8_t type, padding[3];
    uint32_t address;
};

struct hub_replaced {
    uint8_t type, padding[3];
};

#endif
