/* A client's frames: forwarded to the guest under the guest's session numbers, or handled here. */
#ifndef BOXLITE_SHIM_RELAY_FROM_CLIENT_H
#define BOXLITE_SHIM_RELAY_FROM_CLIENT_H

#include "../box/shim.h"

void from_client(struct shim *shim, struct client *client, const struct frame *frame);

#endif
