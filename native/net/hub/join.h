/* Who becomes a member of the network and who leaves it, and what the others hear of it. */
#ifndef BOXLITE_NET_HUB_JOIN_H
#define BOXLITE_NET_HUB_JOIN_H

#include "hub.h"

/* The first datagram of a newcomer, which is answered. -1: it does not join. */
int join_read(struct hub *hub, struct place *place, const uint8_t *datagram, size_t size);
/* Tells somebody who can't join why. */
void join_refuse(int fd, int code, const char *text);
/* Closes the place's connection. The hub is over with its last member. */
void join_end(struct hub *hub, struct place *place);

#endif
