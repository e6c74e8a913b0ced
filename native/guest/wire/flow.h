/* One session's flow control, both directions. Pure arithmetic; src/agent/protocol.ts has the rule. */
#ifndef BOXLITE_GUEST_FLOW_H
#define BOXLITE_GUEST_FLOW_H

#include <stdbool.h>
#include <stdint.h>

struct flow {
    uint32_t on_the_way; /* output sent and not yet credited by the host */
    uint32_t held;       /* stdin received and not yet returned as credit */
    uint32_t consumed;   /* part of `held` that has reached the command */
};

uint32_t flow_send_room(const struct flow *flow);
void flow_sent(struct flow *flow, uint32_t bytes);
/* false: the host credits what was never sent. */
bool flow_credited(struct flow *flow, uint32_t bytes);

/* false: the host sent more than the window. */
bool flow_received(struct flow *flow, uint32_t bytes);
/* The credit to send now, or 0: small credits are gathered up to a quarter of the window, which can not
 * stall a sender that may have the whole window on the way. */
uint32_t flow_consumed(struct flow *flow, uint32_t bytes);

#endif
