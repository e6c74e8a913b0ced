/* Those who are connected to shim.sock. Nothing a client does or leaves undone holds up another. */
#ifndef BOXLITE_SHIM_RELAY_CLIENTS_H
#define BOXLITE_SHIM_RELAY_CLIENTS_H

#include "../box/shim.h"

/* Takes the connection that waits and greets it; when the table is full, it goes on waiting. */
void clients_accept(struct shim *shim);
struct client *client_by_id(struct shim *shim, uint32_t id);

/* Queues a frame. A client whose queue is full is dropped: within the windows it can't fill. */
void client_send(struct shim *shim, struct client *client, const struct frame_header *header,
                 const void *payload);
void client_refuse(struct shim *shim, struct client *client, uint32_t session, int code, const char *message);
/* Tells the phase; the first frame of every connection. */
void client_welcome(struct shim *shim, struct client *client);
void clients_broadcast(struct shim *shim, const struct frame_header *header, const void *payload);

/* The connection is over. What it sent before still reaches the guest; its sessions end there. */
void client_drop(struct shim *shim, struct client *client);

/* Reads and handles what a client sent, while the guest takes it. */
void client_event(struct shim *shim, struct client *client, uint32_t events);
/* At the end of each turn: writes what is queued, reads on where the guest's queue has room again, forgets
 * the dropped ones. */
void clients_settle(struct shim *shim);
bool clients_any_paused(const struct shim *shim);

#endif
