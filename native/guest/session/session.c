#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../common/wire.h"
#include "../../protocol/protocol.h"
#include "../box/cgroup.h"
#include "../proc/report.h"
#include "../system/clock.h"

enum { KILL_AFTER_MS = 2000, GROUP_LOOK_MS = 20 };

static void settle_start(struct session *session, struct port *port);
static void keep_group(struct session *session);
static void thaw(struct session *session);
static void bound(struct stream *stream);
static void end_stream(struct stream *stream);
static bool send_from(struct session *session, struct stream *stream, struct port *port);
static void signal_group(const struct session *session, int number);

struct session *session_new(uint32_t number) {
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    session->number = number;
    session->report = session->input = session->end = -1;
    session->output = (struct stream){.fd = -1, .type = BL_MSG_STDOUT, .readable = true};
    session->error = (struct stream){.fd = -1, .type = BL_MSG_STDERR, .readable = true};
    session->input_writable = true;
    session->waiting.cap = BL_LIMIT_WINDOW + 1;
    return session;
}

void session_free(struct session *session) {
    thaw(session);
    end_stream(&session->output);
    end_stream(&session->error);
    if (session->input >= 0)
        close(session->input);
    if (session->report >= 0)
        close(session->report);
    if (session->end >= 0)
        close(session->end);
    queue_free(&session->waiting);
    free(session);
}

void session_read_report(struct session *session, struct port *port) {
    struct report report;
    if (session->report < 0)
        return;
    while (session->report >= 0) {
        int found = report_read(session->report, &report);
        if (found == 0)
            return;
        if (found > 0 && report.kind == REPORT_STARTING) {
            session->box_pid = report.pid;
            session->started = true;
        } else if (found > 0 && report.kind == REPORT_FAILED) {
            session->failed = true;
            session->failure_stage = report.stage;
            session->failure = report.err;
        } else {
            close(session->report);
            session->report = -1;
        }
    }
    settle_start(session, port);
}

/* The starting process has sent its last report. */
static void settle_start(struct session *session, struct port *port) {
    if (session->hung_up && !session->started) {
        session->failed = false; /* nobody is left to read why */
        return;
    }
    /* It was killed before it could report, as together with its box: it ends like any other. */
    if (!session->failed && !session->started && !session->timed_out) {
        if (!session->dead)
            return;
        if (!WIFSIGNALED(session->status)) {
            err_set(&session->failure, ECHILD, "the process ended before it could start the command");
            session->failure_stage = BL_STAGE_EXEC;
            session->failed = true;
        }
    }
    if (session->failed)
        return;
    session->started = true; /* or it ended before: the host learns of that as well */
    uint8_t payload[4];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, (uint32_t)session->box_pid);
    port_send(port, session->number, BL_MSG_STARTED, payload, wr.used);
    for (int number = 1; session->early_signals && !session->dead && number <= 64; number++)
        if (session->early_signals >> (number - 1) & 1)
            kill(session->pid, number);
    session->early_signals = 0;
}

void session_died(struct session *session, int status, struct port *port) {
    session->dead = true;
    session->status = status;
    if (session->report >= 0)
        session_read_report(session, port);
    else if (!session->started && !session->failed)
        settle_start(session, port);
    thaw(session);
    keep_group(session);
    session->pid = 0;
    if (session->number == BL_SESSION_MAIN)
        return; /* all else in the box died with it: its streams end by themselves */
    bound(&session->output);
    bound(&session->error);
}

/* The other processes of a group that is being ended have the rest of the grace period. While one of them lives, no
 * other group can get its number. */
static void keep_group(struct session *session) {
    if (session->next_step == STEP_KILL && kill(-session->pid, 0) == 0)
        session->group = session->pid;
    else
        session->next_step = STEP_NONE;
}

static void thaw(struct session *session) {
    if (session->froze)
        cgroup_thaw();
    session->froze = false;
}

/* A process that the command left behind may hold the stream open and go on writing; what the command itself wrote
 * is in the stream by now. On a terminal EAGAIN marks where that ends. */
static void bound(struct stream *stream) {
    int waiting = 0;
    if (stream->fd < 0)
        return;
    stream->readable = true;
    stream->bounded = true;
    stream->left = ioctl(stream->fd, FIONREAD, &waiting) == 0 && waiting > 0 ? (uint32_t)waiting : 0;
}

static void end_stream(struct stream *stream) {
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

bool session_send_output(struct session *session, struct port *port) {
    if (!session->started || session->report >= 0)
        return false;
    bool more = send_from(session, &session->output, port);
    return send_from(session, &session->error, port) || more;
}

static bool send_from(struct session *session, struct stream *stream, struct port *port) {
    static uint8_t buffer[BL_LIMIT_MAX_PAYLOAD];
    uint32_t room = session->detached ? sizeof buffer : flow_send_room(&session->flow);
    if (stream->fd < 0 || !stream->readable || port_congested(port))
        return false;
    if (stream->bounded && !session->terminal && stream->left == 0) {
        end_stream(stream);
        return true;
    }
    if (!room)
        return false;
    size_t size = room < sizeof buffer ? room : sizeof buffer;
    if (stream->bounded && !session->terminal && size > stream->left)
        size = stream->left;
    ssize_t n = read(stream->fd, buffer, size);
    if (n > 0) {
        if (!session->detached) { /* a terminal that nobody looks at is emptied all the same */
            port_send(port, session->number, stream->type, buffer, (size_t)n);
            flow_sent(&session->flow, (uint32_t)n);
        }
        stream->left -= stream->bounded && !session->terminal ? (uint32_t)n : 0;
        return true;
    }
    if (n < 0 && errno == EINTR)
        return true;
    if (n < 0 && errno == EAGAIN && !stream->bounded) {
        stream->readable = false;
        return false;
    }
    end_stream(stream); /* its end; EIO is a terminal's */
    return true;
}

bool session_finished(const struct session *session) {
    if (!session->dead || session->report >= 0 || session->group)
        return false;
    return session->failed || (session->output.fd < 0 && session->error.fd < 0);
}

void session_signal(struct session *session, int number) {
    session->killed = session->killed || number == SIGKILL;
    if (session->report >= 0)
        session->early_signals |= UINT64_C(1) << ((number - 1) & 63);
    else if (session->pid)
        kill(session->pid, number);
}

void session_arm(struct session *session, enum next_step step, uint64_t after_ms) {
    session->next_step = step;
    session->deadline_ns = monotonic_ns() + after_ms * 1000000;
}

void session_check_deadline(struct session *session, uint64_t now_ns) {
    if (session->next_step == STEP_NONE || (!session->pid && !session->group))
        return;
    if (session->group && kill(-session->group, 0)) {
        session->group = 0;
        session->next_step = STEP_NONE;
        return;
    }
    if (now_ns < session->deadline_ns)
        return;
    if (session->next_step == STEP_KILL) {
        session->next_step = STEP_NONE;
        signal_group(session, SIGKILL);
        session->group = 0;
        return;
    }
    session->timed_out = true;
    signal_group(session, SIGTERM);
    session_arm(session, STEP_KILL, KILL_AFTER_MS);
}

/* No event reports the end of a group: it has to be polled until it is killed. */
uint64_t session_next_ns(const struct session *session, uint64_t now_ns) {
    uint64_t look_ns = now_ns + (uint64_t)GROUP_LOOK_MS * 1000000;
    return session->group && look_ns < session->deadline_ns ? look_ns : session->deadline_ns;
}

static void signal_group(const struct session *session, int number) {
    pid_t foreground = 0;
    /* A shell on a terminal gives each of its jobs a group of its own. */
    if (session->terminal && session->output.fd >= 0 && ioctl(session->output.fd, TIOCGPGRP, &foreground) == 0 &&
        foreground > 1 && foreground != session->pid)
        kill(-foreground, number);
    if (session->group)
        kill(-session->group, number);
    /* Until it has made its own group a starting process has none of its number. */
    else if (kill(-session->pid, number))
        kill(session->pid, number);
}

void session_hang_up(struct session *session) {
    session->hung_up = true;
    end_stream(&session->output);
    end_stream(&session->error);
    if (session->input >= 0)
        close(session->input);
    session->input = -1;
    if (!session->pid)
        return;
    signal_group(session, SIGHUP);
    session_arm(session, STEP_KILL, KILL_AFTER_MS);
}
