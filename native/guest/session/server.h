#ifndef BOXLITE_GUEST_SERVER_H
#define BOXLITE_GUEST_SERVER_H

#include "../box/box.h"
#include "../wire/port.h"
#include "health.h"
#include "session.h"

struct server {
    struct port *port;
    struct box *box;
    struct session *sessions;
    unsigned session_count;
    struct health health;
    int epoll, signals;
    bool main_seen;  /* EXEC of the box's command has come */
    bool main_ended; /* and it is over, or nothing can come of it */
    bool shutting_down;
    uint32_t main_unread; /* output of main that the host has not credited, once it has ended */
};

/* Runs the box until its command has ended and all has been told. Never fails after it has begun. */
int serve(struct server *server, struct err *err);

/* One message of the host; what is not understood is answered and passed over. */
void server_handle(struct server *server, const struct message *message);

struct session *server_find(struct server *server, uint32_t number);
/* Waits for whatever the session's descriptors have to say. */
void server_watch(struct server *server, const struct session *session);
void server_forget(struct server *server, struct session *session);
void server_kill_box(struct server *server);

#endif
