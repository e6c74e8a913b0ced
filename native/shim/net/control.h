/* The messages between the shim and boxlite-net (common/net-control.h). */
#ifndef BOXLITE_SHIM_NET_CONTROL_H
#define BOXLITE_SHIM_NET_CONTROL_H

#include "../box/shim.h"

/* Sends one message during the start, with a descriptor unless that is -1. `answered`: boxlite-net answers it. */
int net_send(struct shim *shim, const void *message, size_t size, int fd, bool answered, struct err *err);

/* Receives answers until at most `left` are outstanding. Fails with the text of the first that refuses, when
 * boxlite-net ends, and when it is silent for too long. */
int net_await(struct shim *shim, uint32_t left, struct err *err);

/* What boxlite-net asks while the box runs. */
void net_control_event(struct shim *shim);

#endif
