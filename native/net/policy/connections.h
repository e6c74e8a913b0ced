/* The connections of TCP that a box has begun to members of its networks: whether each may go on. The NAT knows its own;
 * between members only packets pass, of which none but the first tells who began. */
#ifndef BOXLITE_NET_POLICY_CONNECTIONS_H
#define BOXLITE_NET_POLICY_CONNECTIONS_H

#include <stdbool.h>

#include "../packet/packet.h"

enum { MAX_CONNECTIONS = 4096 };

struct connection {
    struct in6_addr member;
    uint16_t box_port, port;
    bool used, cut;
};

/* Zeroed, there are none. */
struct connections {
    struct connection *all; /* MAX_CONNECTIONS, once there was one */
    uint32_t next;
    bool any_cut;
};

/* The box begins one. Where there is no more room, the one that was begun first is forgotten, and goes on. */
void connections_begun(struct connections *connections, const struct packet *packet);

/* Whether a packet between these ends must not pass. */
bool connections_is_cut(const struct connections *connections, const struct in6_addr *member, uint16_t port,
                        uint16_t box_port);

void connections_free(struct connections *connections);

#endif
