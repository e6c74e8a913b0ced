#include "../check.h"
#include "guest/session/health-state.h"
#include "protocol/protocol.h"

static const uint64_t SECOND = 1000000000;
static const struct health_plan plain = {.interval_ns = 30, .start_interval_ns = 5, .retries = 3};

static struct health_state fresh(void) {
    struct health_state state;
    health_state_begin(&state);
    return state;
}

static void test_retries(void) {
    struct health_state state = fresh();
    check("begins as starting", state.status == BL_HEALTH_STARTING && state.streak == 0);
    health_state_note(&state, &plain, 0, false);
    health_state_note(&state, &plain, 0, false);
    check("is still starting after two of three failures", state.status == BL_HEALTH_STARTING && state.streak == 2);
    health_state_note(&state, &plain, 0, false);
    check("is unhealthy after the third", state.status == BL_HEALTH_UNHEALTHY && state.streak == 3);
    health_state_note(&state, &plain, 0, false);
    check("goes on counting", state.streak == 4);
    health_state_note(&state, &plain, 0, true);
    check("is healthy after one success, with nothing held against it",
          state.status == BL_HEALTH_HEALTHY && state.streak == 0);
    health_state_note(&state, &plain, 0, false);
    check("stays healthy through a failure", state.status == BL_HEALTH_HEALTHY && state.streak == 1);
    state.streak = UINT32_MAX;
    health_state_note(&state, &plain, 0, false);
    check("a streak does not start again at its greatest", state.streak == UINT32_MAX);
}

static void test_start_period(void) {
    struct health_plan plan = plain;
    plan.start_period_ns = 10 * SECOND;
    plan.retries = 1;
    struct health_state state = fresh();
    health_state_note(&state, &plan, 10 * SECOND - 1, false);
    check("a failure in the start period does not count", state.status == BL_HEALTH_STARTING && state.streak == 0);
    check("in it the start interval holds", health_state_wait(&state, &plan, 10 * SECOND - 1) == 5);
    check("after it the interval does", health_state_wait(&state, &plan, 10 * SECOND) == 30);
    health_state_note(&state, &plan, 10 * SECOND, false);
    check("a failure after it does", state.status == BL_HEALTH_UNHEALTHY);

    state = fresh();
    health_state_note(&state, &plan, SECOND, true);
    check("with the first success it is over", health_state_wait(&state, &plan, SECOND) == 30);
    health_state_note(&state, &plan, 2 * SECOND, false);
    check("so that failures count", state.status == BL_HEALTH_UNHEALTHY && state.streak == 1);
}

int main(void) {
    test_retries();
    test_start_period();
    return 0;
}
