#include "policy.h"

#include "../../common/cleanup.h"
#include "pending.h"

static int change(struct shim *shim, const struct net_request *request, const struct frame *frame, struct err *err);

void policy_request(struct shim *shim, struct client *client, const struct frame *frame) {
    struct net_request request = pending_request(NET_REQUEST_POLICY, client, frame);
    struct err err;
    if (change(shim, &request, frame, &err))
        pending_refuse(shim, &request, &err);
}

static int change(struct shim *shim, const struct net_request *request, const struct frame *frame, struct err *err) {
    cleanup_free struct net_policy *policy = NULL;
    if (config_net_read_policy(frame->payload, frame->header.length, &policy, err))
        return -1;
    return pending_send(shim, request, policy, net_policy_bytes(policy), -1, err);
}
