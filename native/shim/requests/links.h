/* The box's named networks, while it runs. */
#ifndef BOXLITE_SHIM_REQUESTS_LINKS_H
#define BOXLITE_SHIM_REQUESTS_LINKS_H

#include "../box/shim.h"

/* A client's frames. */
void connect_request(struct shim *shim, struct client *client, const struct frame *frame);
void disconnect_request(struct shim *shim, struct client *client, const struct frame *frame);

/* boxlite-net has answered NET_LINK. */
void linked(struct shim *shim, const struct net_request *request);
void not_linked(struct shim *shim, const struct net_request *request);

/* Joins those again whose time it is. */
void links_timer(struct shim *shim);

#endif
