/* Those who are connected to shim.sock. Nothing a client does or leaves undone holds up another. */
#ifndef BOXLITE_SHIM_RELAY_CLIENTS_H
#define BOXLITE_SHIM_RELAY_CLIENTS_H

#include "../box/shim.h"

/* Takes the connection that waits and greets it; when the table is full, it goes on waiting. */
void clients_accept(struct shim *shim);
/* Reads and handles what a client sent, while the guest takes it. */
void client_event(struct shim *shim, struct client *client, uint32_t events);
/* At the end of each turn: writes what is queued, reads on where the guest's queue has room again, closes the
 * dropped connections. */
void clients_settle(struct shim *shim);
bool clients_any_paused(const struct shim *shim);

#endif
