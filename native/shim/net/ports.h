/* The host's sockets of the box's published ports. */
#ifndef BOXLITE_SHIM_NET_PORTS_H
#define BOXLITE_SHIM_NET_PORTS_H

#include "../box/shim.h"

/* Binds them all, with the rights of the shim's user and before anything of the box runs, and notes the numbers that
 * the kernel chooses. They close when boxlite-net and the shim have closed them. */
int ports_bind(struct shim *shim, struct err *err);

/* Closes those that the shim still holds. */
void ports_close(struct shim *shim);

#endif
