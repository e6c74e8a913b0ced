/* What the guest says. It is hostile until proven otherwise: nothing here trusts a number of its. */
#ifndef BOXLITE_SHIM_RELAY_FROM_GUEST_H
#define BOXLITE_SHIM_RELAY_FROM_GUEST_H

#include "../box/shim.h"

void from_guest(struct shim *shim, const struct frame *frame);

#endif
