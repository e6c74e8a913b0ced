/* What shims ask for (native/common/net-control.h). A shim is as trusted as its user; what it sends is checked all the
 * same, since a mistake must not look like another one. */
#ifndef BOXLITE_NET_CONTROL_CONTROL_H
#define BOXLITE_NET_CONTROL_CONTROL_H

#include "../net.h"

/* Waits for the first message of the first shim, which describes the network. */
int control_read_open(int fd, struct net_open *network, struct err *err);
void control_answer(int fd, const struct err *err);

/* Reads one message and acts on it. -1: the shim is gone, and its box with it. */
int control_read(struct net *net, struct shim *shim);
/* Tells the box's shim what was decided, or counts it when there is too much to tell. */
void control_decided(const struct net *net, uint32_t port, const struct packet *packet, const struct verdict *verdict);
/* The hub of one of the box's networks is gone. False: the shim has not read what it was told before. */
bool control_link_lost(const struct net *net, const struct link *link);
/* The host's name servers may have changed since we were told. */
void control_want_resolvers(struct net *net);

#endif
