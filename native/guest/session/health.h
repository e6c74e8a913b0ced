/* The check of a box's health: a command that is run again and again as long as main runs. */
#ifndef BOXLITE_GUEST_HEALTH_H
#define BOXLITE_GUEST_HEALTH_H

#include <sys/types.h>

#include "../../protocol/protocol.h"
#include "../box/box.h"
#include "../wire/message.h"
#include "../wire/port.h"
#include "health-state.h"

/* One check that runs; at most one does. */
struct check {
    pid_t pid;          /* 0 once it has been reaped */
    int report, output; /* -1 when they have ended */
    int end;            /* readable when the process has ended (process-end.h); -1 without one */
    bool gone;          /* it has become readable */
    bool running, started, timed_out;
    int status; /* of waitid, once pid is 0 */
    uint64_t began_ns, began_wall_ns;
    struct err failure; /* when it never started */
    uint8_t text[BL_LIMIT_HEALTH_OUTPUT];
    uint32_t used;
    bool cut; /* there was more than `text` holds */
};

struct health {
    bool wanted;
    struct health_plan plan;
    struct health_state state;
    struct exec_request command;
    uint64_t main_began_ns; /* 0: not yet */
    uint64_t next_ns;       /* of the next check */
    struct check check;
    bool fresh; /* a check has begun whose descriptors nobody waits for yet */
};

/* Decodes HEALTHCHECK: once, before main. */
int health_configure(struct health *health, const uint8_t *payload, size_t size, struct err *err);

/* Reads from the running check, ends what is overdue, begins what is due. To be called in every turn of the loop.
 * Returns when to call again at the latest (CLOCK_MONOTONIC), UINT64_MAX when nothing is due. */
uint64_t health_turn(struct health *health, const struct box *box, struct port *port, bool main_runs);

/* A child has ended and is not reaped yet: ends whatever its check has left behind. */
void health_dying(struct health *health, pid_t pid);
/* It has been reaped. */
void health_died(struct health *health, pid_t pid, int status);

#endif
