/* How fast a running box may send and receive. */
#ifndef BOXLITE_SHIM_REQUESTS_RATES_H
#define BOXLITE_SHIM_REQUESTS_RATES_H

#include "../peers/client.h"

void rates_request(struct shim *shim, struct client *client, const struct frame *frame);

#endif
