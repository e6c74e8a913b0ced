/* The state of one boxlite-net: one network, its boxes, and the shims that they belong to. */
#ifndef BOXLITE_NET_NET_H
#define BOXLITE_NET_NET_H

#include "names/names.h"
#include "switch/switch.h"

enum { MAX_SHIMS = MAX_PORTS };

/* The connection to a box's shim. */
struct shim {
    int fd;   /* -1: free */
    int port; /* of its box, or -1 */
};

struct net {
    struct net_switch network;
    struct names names;
    struct shim shims[MAX_SHIMS];
    uint32_t shim_count;
};

#endif
