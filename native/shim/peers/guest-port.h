/* The control port: frames to and from the guest agent. */
#ifndef BOXLITE_SHIM_PEERS_GUEST_PORT_H
#define BOXLITE_SHIM_PEERS_GUEST_PORT_H

#include "../box/shim.h"

/* Queues a frame for the guest; nothing happens once the VMM has ended. */
void guest_send(struct shim *shim, const struct frame_header *header, const void *payload);

void port_event(struct shim *shim, uint32_t events);
/* At the end of each turn: writes what is queued. */
void port_settle(struct shim *shim);
/* Takes in all that a VMM which has ended had still sent. */
void port_drain(struct shim *shim);

#endif
