/* The connections of shim.sock. Nothing that one client does or omits delays another. */
#ifndef BOXLITE_SHIM_RELAY_CLIENTS_H
#define BOXLITE_SHIM_RELAY_CLIENTS_H

#include "../box/shim.h"

/* Accepts the connection that waits and greets it; while the table is full, it stays in the backlog. */
void clients_accept(struct shim *shim);
/* Reads and handles what a client sent, while the guest's queue has room. */
void client_event(struct shim *shim, struct client *client, uint32_t events);
/* At the end of each turn: writes what is queued, reads on where the guest's queue has room again, closes the
 * dropped connections. */
void clients_settle(struct shim *shim);
bool clients_any_paused(const struct shim *shim);

#endif
