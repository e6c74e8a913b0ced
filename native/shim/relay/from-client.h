/* What a client says: forwarded to the guest under the guest's numbers, or done here. */
#ifndef BOXLITE_SHIM_RELAY_FROM_CLIENT_H
#define BOXLITE_SHIM_RELAY_FROM_CLIENT_H

#include "../box/shim.h"

void from_client(struct shim *shim, struct client *client, const struct frame *frame);

#endif
