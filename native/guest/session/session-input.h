#ifndef BOXLITE_GUEST_SESSION_INPUT_H
#define BOXLITE_GUEST_SESSION_INPUT_H

#include "session.h"

/* Queues stdin that the host sent. false when that is more than its window. */
bool session_take_input(struct session *session, struct port *port, const uint8_t *bytes, size_t size, bool last);
/* Writes what is queued as far as the command reads it, and credits the host. */
void session_feed_input(struct session *session, struct port *port);

#endif
