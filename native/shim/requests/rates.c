#include "rates.h"

#include "pending.h"

static int change(struct shim *shim, const struct net_request *request, const struct frame *frame, struct err *err);

void rates_request(struct shim *shim, struct client *client, const struct frame *frame) {
    struct net_request request = pending_request(NET_REQUEST_RATES, client, frame);
    struct err err;
    if (change(shim, &request, frame, &err))
        pending_refuse(shim, &request, &err);
}

static int change(struct shim *shim, const struct net_request *request, const struct frame *frame, struct err *err) {
    struct net_rates rates;
    if (config_net_read_rates(frame->payload, frame->header.length, &rates, err))
        return -1;
    return pending_send(shim, request, &rates, sizeof rates, -1, err);
}
