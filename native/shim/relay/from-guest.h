/* What the guest says. It is hostile until proven otherwise: nothing here trusts a number of its. */
#ifndef BOXLITE_SHIM_RELAY_FROM_GUEST_H
#define BOXLITE_SHIM_RELAY_FROM_GUEST_H

#include "../box/shim.h"

/* The port can be read: takes what the guest sent. */
void from_guest_event(struct shim *shim, uint32_t events);
/* Takes all that a VMM which has ended had still sent. */
void from_guest_drain(struct shim *shim);
void from_guest(struct shim *shim, const struct frame *frame);

#endif
