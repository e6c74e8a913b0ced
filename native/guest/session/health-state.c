#include "health-state.h"

#include "../../protocol/protocol.h"

void health_state_begin(struct health_state *state) {
    *state = (struct health_state){.status = BL_HEALTH_STARTING, .streak = 0};
}

void health_state_note(struct health_state *state, const struct health_plan *plan, uint64_t began_ns, bool passed) {
    if (passed) {
        *state = (struct health_state){.status = BL_HEALTH_HEALTHY, .streak = 0};
        return;
    }
    /* A box that was never healthy may fail as often as it likes until its start period is over. */
    if (state->status == BL_HEALTH_STARTING && began_ns < plan->start_period_ns)
        return;
    state->streak += state->streak < UINT32_MAX;
    if (state->streak >= plan->retries)
        state->status = BL_HEALTH_UNHEALTHY;
}

uint64_t health_state_wait(const struct health_state *state, const struct health_plan *plan, uint64_t now_ns) {
    bool starting = state->status == BL_HEALTH_STARTING && now_ns < plan->start_period_ns;
    return starting ? plan->start_interval_ns : plan->interval_ns;
}
