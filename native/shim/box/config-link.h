/* The part of the configuration that is a link to a named network. */
#ifndef BOXLITE_SHIM_BOX_CONFIG_LINK_H
#define BOXLITE_SHIM_BOX_CONFIG_LINK_H

#include <netinet/in.h>

#include "../../common/hub-wire.h"
#include "decoder.h"

enum {
    NETWORK_ID_BYTES = 64,
    /* The id's length, a prefix and its length, an address, two of IPv6 with their lengths, the names' length. */
    LEAST_LINK_BYTES = 4 + 5 + 4 + 40 + 4,
};

/* A named network that the box is in. */
struct link_config {
    char network[NETWORK_ID_BYTES + 1];
    uint32_t prefix, address;
    uint8_t prefix_length;
    struct in6_addr prefix6, address6;
    char names[HUB_NAMES_BYTES + 1]; /* separated by spaces */
    uint32_t id;                     /* in messages to boxlite-net; 0 until it has been sent */
    uint32_t attempts;               /* to join again, since the hub was lost */
    uint64_t lost_ms;                /* when it was lost last, or an attempt failed */
    uint64_t due_ms;                 /* of the next; 0: it is not lost, or not to be joined again */
};

void config_network_take(struct decoder *d, char network[NETWORK_ID_BYTES + 1]);
void config_link_take(struct decoder *d, struct link_config *link);
int config_link_check(const struct link_config *link, struct err *err);

#endif
