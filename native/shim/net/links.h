/* The box's links to named networks, as boxlite-net has them. */
#ifndef BOXLITE_SHIM_NET_LINKS_H
#define BOXLITE_SHIM_NET_LINKS_H

#include "../../common/net-control.h"
#include "../box/shim.h"

/* Joins the networks of the configuration, and passes the connections on. */
int links_send(struct shim *shim, struct err *err);

/* NET_LINK for a link, which gets its id here unless it has one. */
struct net_link link_message(struct shim *shim, struct link_config *link);

/* NULL: there is none. */
struct link_config *link_by_id(struct shim *shim, uint32_t id);
struct link_config *link_by_network(struct shim *shim, const char *network);
void link_forget(struct shim *shim, uint32_t id);

/* The link's hub is gone, or could not be joined again: ON_LINKS says when the next attempt is due. After the last one
 * the network stays shut to the box. */
void link_lost(struct shim *shim, struct link_config *link);
/* Sets ON_LINKS to the first attempt that is due. */
void links_wake(struct shim *shim);

#endif
