/* The results of the box's health checks, kept as they come in the fact `health` (HEALTH_RECORD of the wire):
 * what they say is the guest's business. */
#ifndef BOXLITE_SHIM_SESSION_HEALTH_H
#define BOXLITE_SHIM_SESSION_HEALTH_H

#include "../box/shim.h"

/* HEALTH of the guest: it is taken in and will be in the file at once, or soon when they come too fast. */
void health_from_guest(struct shim *shim, const struct frame *frame);
/* The time to write down what has waited. */
void health_timer(struct shim *shim);

#endif
