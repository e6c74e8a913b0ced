#include "flow.h"

#include "../../protocol/protocol.h"

uint32_t flow_send_room(const struct flow *flow) { return BL_LIMIT_WINDOW - flow->on_the_way; }

void flow_sent(struct flow *flow, uint32_t bytes) { flow->on_the_way += bytes; }

bool flow_credited(struct flow *flow, uint32_t bytes) {
    if (bytes > flow->on_the_way)
        return false;
    flow->on_the_way -= bytes;
    return true;
}

bool flow_received(struct flow *flow, uint32_t bytes) {
    if (bytes > BL_LIMIT_WINDOW - flow->held)
        return false;
    flow->held += bytes;
    return true;
}

uint32_t flow_consumed(struct flow *flow, uint32_t bytes) {
    uint32_t unread = flow->held - flow->consumed;
    flow->consumed += bytes < unread ? bytes : unread; /* ^D, which the agent types itself, came from no sender */
    if (flow->consumed < BL_LIMIT_WINDOW / 4)
        return 0;
    uint32_t credit = flow->consumed;
    flow->held -= credit;
    flow->consumed = 0;
    return credit;
}
