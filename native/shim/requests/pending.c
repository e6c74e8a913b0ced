#include "pending.h"

#include <errno.h>

#include "../net/control.h"
#include "../peers/client.h"

struct net_request pending_request(enum net_request_kind kind, const struct client *client, const struct frame *frame) {
    return (struct net_request){.kind = kind, .client = client->id, .session = frame->header.session};
}

int pending_send(struct shim *shim, const struct net_request *request, const void *message, size_t size, int fd,
                 struct err *err) {
    struct net *net = &shim->net;
    if (net->request_count == MAX_NET_REQUESTS)
        return err_set(err, EBUSY, "boxlite-net has not answered %d requests yet", MAX_NET_REQUESTS);
    if (net_post(shim, message, size, fd, err))
        return -1;
    net->requests[(net->first_request + net->request_count++) % MAX_NET_REQUESTS] = *request;
    return 0;
}

bool pending_take(struct shim *shim, struct net_request *request) {
    struct net *net = &shim->net;
    if (net->request_count == 0)
        return false;
    *request = net->requests[net->first_request];
    net->first_request = (net->first_request + 1) % MAX_NET_REQUESTS;
    net->request_count--;
    return true;
}

void pending_done(struct shim *shim, const struct net_request *request, uint32_t port) {
    struct client *client = client_by_id(shim, request->client);
    uint8_t payload[4];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, port);
    struct frame_header header = {.length = sizeof payload, .session = request->session, .type = BL_MSG_NET_DONE};
    if (client)
        client_send(shim, client, &header, payload);
}

void pending_refuse(struct shim *shim, const struct net_request *request, const struct err *why) {
    struct client *client = client_by_id(shim, request->client);
    if (client)
        client_refuse(shim, client, request->session, why->code, why->msg);
}
