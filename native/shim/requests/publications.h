/* The published ports, while the box runs. */
#ifndef BOXLITE_SHIM_REQUESTS_PUBLICATIONS_H
#define BOXLITE_SHIM_REQUESTS_PUBLICATIONS_H

#include "../box/shim.h"

/* A client's frames. */
void publish_request(struct shim *shim, struct client *client, const struct frame *frame);
void unpublish_request(struct shim *shim, struct client *client, const struct frame *frame);

/* boxlite-net has done it: ports.json is right before the client is answered. */
void published(struct shim *shim, const struct net_request *request);
void unpublished(struct shim *shim, const struct net_request *request);

#endif
