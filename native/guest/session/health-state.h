/* What a check's result makes of a box's health: Docker's rules. Pure. */
#ifndef BOXLITE_GUEST_HEALTH_STATE_H
#define BOXLITE_GUEST_HEALTH_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct health_plan {
    uint64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
    uint32_t retries;
};

struct health_state {
    uint32_t status; /* BL_HEALTH_* */
    uint32_t streak; /* failures in a row that count */
};

void health_state_begin(struct health_state *state);
/* A check that began so long after main has ended. */
void health_state_note(struct health_state *state, const struct health_plan *plan, uint64_t began_ns, bool passed);
/* How long to wait for the next check when it is decided so long after main's start. */
uint64_t health_state_wait(const struct health_state *state, const struct health_plan *plan, uint64_t now_ns);

#endif
