/* How the shim and its broker talk: a request and its answer, as they lie in memory, since both are one program. */
#ifndef BOXLITE_SHIM_BROKER_MESSAGE_H
#define BOXLITE_SHIM_BROKER_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../common/err.h"
#include "../../common/net-control.h"
#include "../box/config-net.h"

enum broker_request_kind {
    BROKER_RUN_HOOK,  /* answers its pid: it is the shim's child */
    BROKER_KILL_HOOK, /* the one that ran last */
    BROKER_JOIN,      /* link, lock_ms, answer_ms, replace; answers a connection to its hub */
    BROKER_BIND,      /* port; answers its socket and the number that the kernel has chosen */
    BROKER_RESOLVERS,
};

struct broker_request {
    enum broker_request_kind kind;
    uint32_t lock_ms, answer_ms;
    bool replace;
    struct link_config link;
    struct published_port port;
};

struct broker_answer {
    bool failed; /* why stands in err */
    struct err err;
    pid_t pid;
    struct published_port port;
    struct net_resolvers resolvers;
};

#endif
