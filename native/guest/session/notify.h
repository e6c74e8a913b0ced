/* Passes messages between the host and the process that answers for inotify. */
#ifndef BOXLITE_GUEST_SESSION_NOTIFY_H
#define BOXLITE_GUEST_SESSION_NOTIFY_H

#include "server.h"

/* What that process has sent by now. */
void notify_to_host(struct server *server);
void notify_from_host(struct server *server, const struct message *message);

#endif
