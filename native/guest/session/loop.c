#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../common/wire.h"
#include "../../protocol/protocol.h"
#include "../box/cgroup.h"
#include "../proc/process-end.h"
#include "../system/clock.h"
#include "handle.h"
#include "notify.h"
#include "session-input.h"

enum { EVENTS_AT_ONCE = 64, LINGER_MS = 5000, SAFE_ON_THE_WAY = BL_LIMIT_WINDOW / 4 };

static int begin(struct server *server, struct err *err);
static bool take_messages(struct server *server);
static bool move_output(struct server *server);
static void end_sessions(struct server *server);
static void tell_end(struct server *server, struct session *session);
static bool over(const struct server *server);
static void wait_for_events(struct server *server, int timeout_ms);
static void note(struct server *server, uint64_t subject, uint32_t events);
static void reap(struct server *server);
static void bury_traced(struct server *server);
static int check_deadlines(struct server *server);
static uint64_t check_health(struct server *server);

int serve(struct server *server, struct err *err) {
    if (begin(server, err))
        return -1;
    uint64_t linger_until = 0;
    for (;;) {
        bool busy = take_messages(server);
        notify_to_host(server);
        busy = move_output(server) || busy;
        end_sessions(server);
        port_flush(server->port);
        if (over(server))
            return 0;
        /* Sessions that the command's end cut off have a moment to send what they wrote, and a host that is behind
         * has a moment to read: what still waits in the VMM is lost when the VM powers off. */
        if (server->main_ended && !linger_until)
            linger_until = monotonic_ns() + (uint64_t)LINGER_MS * 1000000;
        if (server->main_ended && monotonic_ns() > linger_until)
            return 0;
        int timeout_ms = check_deadlines(server);
        /* Sends what a deadline has produced, such as a health check's result: nothing else may happen for an hour. */
        port_flush(server->port);
        if (server->main_ended && (timeout_ms < 0 || timeout_ms > LINGER_MS))
            timeout_ms = LINGER_MS;
        wait_for_events(server, busy ? 0 : timeout_ms);
    }
}

static int begin(struct server *server, struct err *err) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    signal(SIGPIPE, SIG_IGN);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (server->epoll < 0 || server->signals < 0)
        return err_errno(err, "can't wait for events");
    server_watch_fd(server, server->port->fd, 0, ABOUT_PORT);
    server_watch_fd(server, server->signals, 0, ABOUT_SIGNALS);
    server_watch_fd(server, server->box->notifier, 0, ABOUT_NOTIFIER);
    return 0;
}

static bool take_messages(struct server *server) {
    struct message message;
    struct err err;
    port_receive(server->port);
    while (!port_congested(server->port)) {
        int found = inbox_next(&server->port->inbox, &message, &err);
        if (found == 0)
            return server->port->readable;
        if (found < 0)
            port_send_failed(server->port, BL_SESSION_CONTROL, BL_STAGE_AGENT, &err);
        else
            server_handle(server, &message);
    }
    return false; /* until the port is writable again */
}

/* One frame each in turn, so that a session with much output leaves room for the others. */
static bool move_output(struct server *server) {
    bool more = false;
    for (struct session *s = server->sessions; s; s = s->next)
        more = session_send_output(s, server->port) || more;
    return more;
}

static void end_sessions(struct server *server) {
    for (struct session *s = server->sessions, *next; s; s = next) {
        next = s->next;
        if (session_finished(s) && !port_congested(server->port)) {
            tell_end(server, s);
            server_forget(server, s);
        }
    }
}

static void tell_end(struct server *server, struct session *session) {
    bool main = session->number == BL_SESSION_MAIN;
    if (main) {
        server->main_ended = true;
        server->main_unread = session->flow.on_the_way;
    }
    if (session->failed) {
        port_send_failed(server->port, session->number, session->failure_stage, &session->failure);
        return;
    }
    uint32_t by = WIFSIGNALED(session->status) ? (uint32_t)WTERMSIG(session->status) : 0;
    uint32_t code = by ? 128 + by : (uint32_t)WEXITSTATUS(session->status);
    bool ours = session->killed || session->timed_out || server->shutting_down;
    bool oom = code == 128 + SIGKILL && !ours && cgroup_saw_oom();
    uint8_t payload[12];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, code);
    wr_u32(&wr, by);
    wr_u32(&wr, (oom ? BL_EXIT_OOM : 0) | (session->timed_out ? BL_EXIT_TIMED_OUT : 0));
    port_send(server->port, session->number, BL_MSG_EXITED, payload, wr.used);
}

static bool over(const struct server *server) {
    if (server->sessions)
        return false;
    if (server->shutting_down)
        return !server->box->pid;
    return server->main_ended && server->main_unread <= SAFE_ON_THE_WAY;
}

static void wait_for_events(struct server *server, int timeout_ms) {
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(server->epoll, events, EVENTS_AT_ONCE, timeout_ms);
    bool child = false;
    for (int i = 0; i < count; i++) {
        uint64_t about = events[i].data.u64 & 0xff;
        child = child || about == ABOUT_SIGNALS || about == ABOUT_END;
        note(server, events[i].data.u64, events[i].events);
    }
    if (child) {
        reap(server);
        bury_traced(server);
    }
}

static void note(struct server *server, uint64_t subject, uint32_t events) {
    bool in = events & (EPOLLIN | EPOLLHUP | EPOLLERR), out = events & (EPOLLOUT | EPOLLHUP | EPOLLERR);
    if (subject == ABOUT_PORT) {
        server->port->readable = server->port->readable || (events & EPOLLIN);
        server->port->writable = server->port->writable || (events & EPOLLOUT);
        return;
    }
    if (subject == ABOUT_NOTIFIER)
        return; /* each turn looks at it */
    if (subject == ABOUT_END) {
        server->health.check.gone = true;
        return;
    }
    struct session *session = server_find(server, (uint32_t)(subject >> 8));
    if (!session)
        return;
    switch (subject & 0xff) {
    case ABOUT_REPORT:
        session_read_report(session, server->port);
        break;
    case ABOUT_INPUT:
        session->input_writable = session->input_writable || out;
        session_feed_input(session, server->port);
        break;
    case ABOUT_OUTPUT:
        session->output.readable = session->output.readable || in;
        break;
    case ABOUT_ERROR:
        session->error.readable = session->error.readable || in;
        break;
    case ABOUT_END:
        session->gone = true;
        break;
    }
}

static void reap(struct server *server) {
    struct signalfd_siginfo ignored;
    while (read(server->signals, &ignored, sizeof ignored) > 0)
        ;
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == 0)
            return;
        struct session *session = server->sessions;
        while (session && session->pid != info.si_pid)
            session = session->next;
        health_dying(&server->health, info.si_pid);
        int status = 0;
        waitpid(info.si_pid, &status, 0);
        health_died(&server->health, info.si_pid, status);
        if (info.si_pid == server->box->pid)
            server->box->pid = 0;
        if (session)
            session_died(session, status, server->port);
    }
}

/* Processes that have ended but could not be reaped: a tracer may never release them. */
static void bury_traced(struct server *server) {
    struct check *check = &server->health.check;
    int status;
    for (struct session *s = server->sessions; s; s = s->next)
        if (s->gone && s->pid && process_end_seen(s->pid, &status))
            session_died(s, status, server->port);
    if (check->gone && check->running && check->pid && process_end_seen(check->pid, &status)) {
        health_dying(&server->health, check->pid);
        health_died(&server->health, check->pid, status);
    }
}

/* Milliseconds to the next deadline, or -1. */
static int check_deadlines(struct server *server) {
    uint64_t next = check_health(server), now = 0;
    for (struct session *s = server->sessions; s; s = s->next) {
        if (s->next_step == STEP_NONE)
            continue;
        now = now ? now : monotonic_ns();
        bool had_group = s->group;
        session_check_deadline(s, now);
        if (had_group && !s->group)
            return 0; /* its end is due to be reported now */
        if (s->next_step != STEP_NONE && session_next_ns(s, now) < next)
            next = session_next_ns(s, now);
    }
    if (next == UINT64_MAX)
        return -1;
    now = now ? now : monotonic_ns();
    return next <= now ? 0 : (int)((next - now) / 1000000 > 3600000 ? 3600000 : (next - now) / 1000000 + 1);
}

/* Its descriptors only wake us up: each turn looks at them anyhow. */
static uint64_t check_health(struct server *server) {
    struct health *health = &server->health;
    if (!health->wanted)
        return UINT64_MAX;
    const struct session *main = server_find(server, BL_SESSION_MAIN);
    bool runs = main && main->started && main->report < 0 && !main->dead && !server->shutting_down;
    uint64_t next = health_turn(health, server->box, server->port, runs);
    if (health->fresh) {
        server_watch_fd(server, health->check.report, 0, ABOUT_REPORT);
        server_watch_fd(server, health->check.output, 0, ABOUT_OUTPUT);
        server_watch_fd(server, health->check.end, 0, ABOUT_END);
        health->fresh = false;
    }
    return next;
}
