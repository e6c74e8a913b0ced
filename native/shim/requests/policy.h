/* What the box may reach, while it runs. */
#ifndef BOXLITE_SHIM_REQUESTS_POLICY_H
#define BOXLITE_SHIM_REQUESTS_POLICY_H

#include "../box/shim.h"

/* A client's frame. */
void policy_request(struct shim *shim, struct client *client, const struct frame *frame);

#endif
