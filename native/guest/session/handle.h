#ifndef BOXLITE_GUEST_HANDLE_H
#define BOXLITE_GUEST_HANDLE_H

#include "server.h"

/* Handles one message of the host; answers and passes over what it does not understand. */
void server_handle(struct server *server, const struct message *message);

#endif
