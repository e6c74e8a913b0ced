/* One connection of shim.sock: its queue, and its end. */
#ifndef BOXLITE_SHIM_PEERS_CLIENT_H
#define BOXLITE_SHIM_PEERS_CLIENT_H

#include "../box/shim.h"

struct client *client_by_id(struct shim *shim, uint32_t id);

/* Queues a frame, and drops a client whose queue is full: one that keeps to its windows can't fill it. */
void client_send(struct shim *shim, struct client *client, const struct frame_header *header, const void *payload);
void client_refuse(struct shim *shim, struct client *client, uint32_t session, int code, const char *message);
/* Sends the phase: the first frame of every connection, and again when the phase changes. */
void client_welcome(struct shim *shim, struct client *client);
void clients_broadcast(struct shim *shim, const struct frame_header *header, const void *payload);

/* The connection is over. What it sent before still reaches the guest; its sessions end there. */
void client_drop(struct shim *shim, struct client *client);

#endif
