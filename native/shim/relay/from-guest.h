/* The guest's frames. The guest is hostile: nothing here trusts a number that it sends. */
#ifndef BOXLITE_SHIM_RELAY_FROM_GUEST_H
#define BOXLITE_SHIM_RELAY_FROM_GUEST_H

#include "../box/shim.h"

/* The port is readable: handles what the guest sent. */
void from_guest_event(struct shim *shim, uint32_t events);
/* Handles the last frames of a VMM that has ended. */
void from_guest_drain(struct shim *shim);
void from_guest(struct shim *shim, const struct frame *frame);

#endif
