/* Packets between a box and the other members of its named networks. Both ends of a link check the same, and so does
 * the hub between them: no end need trust another. */
#ifndef BOXLITE_NET_SWITCH_MEMBERS_H
#define BOXLITE_NET_SWITCH_MEMBERS_H

#include "port.h"

/* A packet of the box's to an address of the link's network. False: it is refused, and the box is to be told. */
bool members_out(struct net_switch *s, uint32_t port, struct link *link, const struct packet *packet);
/* Puts the Ethernet header before a packet from the link, for which `frame` has room. False: it is not as it should be,
 * and not for the box. */
bool members_in(struct net_switch *s, struct link *link, uint8_t *frame, size_t size);

#endif
