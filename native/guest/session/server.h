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
    bool main_ended; /* and it has ended, or can't start */
    bool shutting_down;
    uint32_t main_unread; /* output of main that the host has not credited, once it has ended */
};

/* Runs the box until its command has ended and everything is reported. Never fails after it has begun. */
int serve(struct server *server, struct err *err);

/* Handles one message of the host; answers and passes over what it does not understand. */
void server_handle(struct server *server, const struct message *message);

struct session *server_find(struct server *server, uint32_t number);
/* Waits for events of the session's descriptors. */
void server_watch(struct server *server, const struct session *session);
void server_forget(struct server *server, struct session *session);
void server_kill_box(struct server *server);

#endif
