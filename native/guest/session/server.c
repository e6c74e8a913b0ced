#include "server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>

#include "../system/console.h"

/* Edge-triggered throughout: what is left unread for want of credit or room must not wake us up again. */
void server_watch_fd(const struct server *server, int fd, uint32_t session, uint32_t about) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u64 = (uint64_t)session << 8 | about};
    if (fd >= 0 && epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event))
        complain("epoll: %s", strerror(errno));
}

void server_watch(struct server *server, const struct session *session) {
    server_watch_fd(server, session->report, session->number, ABOUT_REPORT);
    server_watch_fd(server, session->input, session->number, ABOUT_INPUT);
    server_watch_fd(server, session->output.fd, session->number, ABOUT_OUTPUT);
    server_watch_fd(server, session->error.fd, session->number, ABOUT_ERROR);
    server_watch_fd(server, session->end, session->number, ABOUT_END);
}

struct session *server_find(struct server *server, uint32_t number) {
    struct session *session = server->sessions;
    while (session && session->number != number)
        session = session->next;
    return session;
}

void server_forget(struct server *server, struct session *session) {
    for (struct session **link = &server->sessions; *link; link = &(*link)->next)
        if (*link == session) {
            *link = session->next;
            break;
        }
    server->session_count--;
    session_free(session);
}

/* With its first process the kernel ends everything in the box. */
void server_kill_box(struct server *server) {
    if (server->box->pid > 0)
        kill(server->box->pid, SIGKILL);
}
