#include "net-event.h"

#include <stdlib.h>

#include "../net/control.h"
#include "../system/watch.h"
#include "decisions.h"
#include "links.h"
#include "pending.h"
#include "policy.h"
#include "publications.h"

/* Messages of one turn of the loop: whatever boxlite-net sends, clients and guest have their turn. */
enum { TURN_MESSAGES = 64 };

static void answered(struct shim *shim, const struct net_answer *answer);
static void refuse(struct shim *shim, const struct net_request *request, const struct err *why);

void net_event(struct shim *shim) {
    union net_received message;
    for (int i = 0; i < TURN_MESSAGES; i++) {
        ssize_t size = net_receive(shim, &message);
        if (size < 0)
            watch_remove(&shim->watch, shim->net.control_fd);
        if (size <= 0)
            return;
        if (net_is_answer(&message, size))
            answered(shim, &message.answer);
        else if (size == (ssize_t)sizeof message.decision && message.type == NET_DECISION)
            decision_record(shim, &message.decision);
        else
            net_answer_question(shim, &message, size);
    }
}

static void answered(struct shim *shim, const struct net_answer *answer) {
    struct net_request request;
    struct err refusal;
    if (!pending_take(shim, &request))
        return;
    if (answer->code) {
        if (request.link)
            not_linked(shim, &request);
        err_set(&refusal, answer->code, "%s", answer->text);
        refuse(shim, &request, &refusal);
        return;
    }
    switch (request.kind) {
    case NET_REQUEST_PUBLISH:
        published(shim, &request);
        break;
    case NET_REQUEST_UNPUBLISH:
        unpublished(shim, &request);
        break;
    case NET_REQUEST_POLICY:
        policy_changed(shim, &request);
        break;
    case NET_REQUEST_RATES:
        pending_done(shim, &request, 0);
        break;
    case NET_REQUEST_CONNECT:
    case NET_REQUEST_JOIN_AGAIN:
        linked(shim, &request);
        break;
    case NET_REQUEST_DISCONNECT:
        pending_done(shim, &request, 0);
        break;
    case NET_REQUEST_TAKE_BACK: /* its client has been refused */
        break;
    }
}

void net_requests_fail(struct shim *shim, const struct err *why) {
    struct net_request request;
    while (pending_take(shim, &request))
        refuse(shim, &request, why);
}

static void refuse(struct shim *shim, const struct net_request *request, const struct err *why) {
    free(request->policy);
    pending_refuse(shim, request, why);
}
