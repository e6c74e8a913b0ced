/* One running command: the box's own, or one started in it later. */
#ifndef BOXLITE_GUEST_SESSION_H
#define BOXLITE_GUEST_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

#include "../../common/queue.h"
#include "../wire/flow.h"
#include "../wire/message.h"
#include "../wire/port.h"

struct stream {
    int fd; /* -1 when it has ended */
    uint8_t type;
    bool readable;
    bool bounded;  /* the command has ended: only what was in the pipe then is still sent */
    uint32_t left; /* of a bounded stream */
};

enum next_step { STEP_NONE, STEP_TERM, STEP_KILL };

struct session {
    struct session *next;
    uint32_t number;
    pid_t pid;     /* 0 once it has been reaped */
    pid_t box_pid; /* the same process in the box's own numbering */
    pid_t group;   /* what the ended command has left of a group that is being ended; else 0 */
    bool terminal;
    bool detached; /* nobody reads what it writes */
    bool started, failed, dead, timed_out, hung_up;
    bool froze; /* the box is frozen until its process has ended */
    bool killed; /* the host ended it: no other reason counts */
    int status; /* of waitid, once dead */
    int report; /* -1 when every report has been read */
    int end;    /* readable when the process has ended (process-end.h); -1 where no process of the box can trace it */
    bool gone;  /* it has become readable */
    uint32_t failure_stage;
    struct err failure;

    struct stream output, error; /* a terminal has the first only */
    int input;                   /* -1 when closed */
    bool input_writable, input_ended;
    struct queue waiting; /* stdin on its way to `input` */
    struct flow flow;

    uint64_t early_signals; /* bit n-1: signal n came before the command had started */
    uint64_t deadline_ns; /* CLOCK_MONOTONIC; of next_step */
    enum next_step next_step;
};

struct session *session_new(uint32_t number);
void session_free(struct session *session);

/* Reads the reports of the starting process; sends STARTED when it has become the command. */
void session_read_report(struct session *session, struct port *port);
/* Its process has ended with this wait status. */
void session_died(struct session *session, int status, struct port *port);
/* Sends one frame of output if there is any, room for it and credit. True when there may be more. */
bool session_send_output(struct session *session, struct port *port);
/* Nothing is left to send but EXITED or FAILED. */
bool session_finished(const struct session *session);

/* A signal for a process that is not the command yet is kept until it is. */
void session_signal(struct session *session, int number);
void session_arm(struct session *session, enum next_step step, uint64_t after_ms);
/* Does what is due, and notices that a group has gone. */
void session_check_deadline(struct session *session, uint64_t now_ns);
/* Its client is gone: nobody reads or waits any more. */
void session_hang_up(struct session *session);
/* When it needs attention again, at the latest. */
uint64_t session_next_ns(const struct session *session, uint64_t now_ns);

#endif
