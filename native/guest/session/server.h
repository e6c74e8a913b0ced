/* The box's sessions, and what wakes the agent up for them. */
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

/* An event names its session and which of its descriptors, never a pointer: it may be about one that is gone. */
enum { ABOUT_PORT, ABOUT_SIGNALS, ABOUT_NOTIFIER, ABOUT_REPORT, ABOUT_INPUT, ABOUT_OUTPUT, ABOUT_ERROR, ABOUT_END };

struct session *server_find(struct server *server, uint32_t number);
/* Waits for events of one descriptor; does nothing for -1. */
void server_watch_fd(const struct server *server, int fd, uint32_t session, uint32_t about);
/* Waits for events of the session's descriptors. */
void server_watch(struct server *server, const struct session *session);
void server_forget(struct server *server, struct session *session);
void server_kill_box(struct server *server);

#endif
