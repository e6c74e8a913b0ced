/* The box's network: boxlite-net, the shim's child beside the VMM. Without it in the configuration these do nothing. */
#ifndef BOXLITE_SHIM_NET_NET_H
#define BOXLITE_SHIM_NET_NET_H

#include "../box/shim.h"

/* Binds the published ports and records them, then starts boxlite-net and sends it all that it needs. */
int net_start(struct shim *shim, struct err *err);

/* Waits for its last answer. Called when the VMM starts meanwhile. */
int net_ready(struct shim *shim, struct err *err);

/* Its process has ended, and `why` says how; a box that runs goes on without its network. */
void net_ended(struct shim *shim, int status, struct err *why);

/* Ends it: then no port of the box is bound. */
void net_stop(struct shim *shim);

#endif
