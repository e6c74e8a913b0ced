/* The control port: the one way to and from the host. */
#ifndef BOXLITE_GUEST_PORT_H
#define BOXLITE_GUEST_PORT_H

#include <stdbool.h>

#include "inbox.h"

struct port {
    int fd; /* non-blocking; edge-triggered wherever it is waited for, since a port that nobody has
               opened on the host is readable, and hung up, at all times */
    bool readable, writable;
    struct inbox inbox;
    struct queue out;
};

/* Waits for the virtio-serial port named boxlite.control and opens it. */
int port_open(struct port *port, struct err *err);

/* Takes what has arrived, up to what the inbox holds. */
void port_receive(struct port *port);

/* Queues a frame; small ones always find room, for output see port_congested. */
void port_send(struct port *port, uint32_t session, uint8_t type, const void *payload, size_t size);
/* A message of any size, in as many frames as it takes. */
void port_send_message(struct port *port, uint32_t session, uint8_t type, const uint8_t *payload, size_t size);
void port_send_failed(struct port *port, uint32_t session, uint32_t stage, const struct err *err);
/* Writes what the host takes now. */
void port_flush(struct port *port);
/* The host reads too slowly: take nothing more from it or from the box that would need an answer. */
bool port_congested(const struct port *port);

/* Blocks until the port has news, or until the time has passed. */
void port_wait(struct port *port, int timeout_ms);

#endif
