/* The control port: a queue of frames to the guest agent, and one of frames from it. */
#ifndef BOXLITE_SHIM_PEERS_GUEST_PORT_H
#define BOXLITE_SHIM_PEERS_GUEST_PORT_H

#include "../box/shim.h"

/* Queues a frame for the guest; nothing happens once the VMM has ended. */
void guest_send(struct shim *shim, const struct frame_header *header, const void *payload);

/* Reads into shim->from_guest. False when nothing is readable now, or the port is closed. */
bool guest_port_receive(struct shim *shim);
/* At the end of each turn: writes what is queued.
 * @param more somebody waits for room in the queue, and for a next turn of the loop */
void guest_port_settle(struct shim *shim, bool more);

#endif
