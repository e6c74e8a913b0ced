/* The way of a packet from one member to another. */
#ifndef BOXLITE_NET_HUB_FORWARD_H
#define BOXLITE_NET_HUB_FORWARD_H

#include "hub.h"

/* Passes the packet to the member whose address it bears. -1, and nothing is passed, when it is no packet, when its
 * source is not the sender's own address, or when nobody else has its destination. */
int forward(struct hub *hub, const struct place *from, const uint8_t *packet, size_t size);

#endif
