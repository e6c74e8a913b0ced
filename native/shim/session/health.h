/* The results of the box's health checks, recorded unread in health.bin (HEALTH_RECORD of the wire): the engine parses
 * them. */
#ifndef BOXLITE_SHIM_SESSION_HEALTH_H
#define BOXLITE_SHIM_SESSION_HEALTH_H

#include "../box/shim.h"

/* HEALTH of the guest: goes into the file at once, or a little later when results come too fast. */
void health_from_guest(struct shim *shim, const struct frame *frame);
/* The time to record what has waited. */
void health_timer(struct shim *shim);

#endif
