/* What clients have asked of boxlite-net while the box runs. It answers in the order in which it is asked, so the
 * requests wait in a queue, and nobody waits for them. */
#ifndef BOXLITE_SHIM_REQUESTS_PENDING_H
#define BOXLITE_SHIM_REQUESTS_PENDING_H

#include "../box/shim.h"

struct net_request pending_request(enum net_request_kind kind, const struct client *client, const struct frame *frame);
/* Sends the message of a request, with a descriptor unless that is -1. -1: nothing was asked, and nothing will be
 * answered. */
int pending_send(struct shim *shim, const struct net_request *request, const void *message, size_t size, int fd,
                 struct err *err);
/* Takes the oldest. False: there is none. */
bool pending_take(struct shim *shim, struct net_request *request);

/* These answer the client, if it is still there. */
void pending_done(struct shim *shim, const struct net_request *request, uint32_t port);
void pending_refuse(struct shim *shim, const struct net_request *request, const struct err *why);

#endif
