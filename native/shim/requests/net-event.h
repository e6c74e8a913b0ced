/* What boxlite-net says while the box runs. */
#ifndef BOXLITE_SHIM_REQUESTS_NET_EVENT_H
#define BOXLITE_SHIM_REQUESTS_NET_EVENT_H

#include "../box/shim.h"

/* Its socket is readable. */
void net_event(struct shim *shim);
/* It answers no more. */
void net_requests_fail(struct shim *shim, const struct err *why);

#endif
