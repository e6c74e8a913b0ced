/* The part of the configuration that is the box's network. */
#ifndef BOXLITE_SHIM_BOX_CONFIG_NET_H
#define BOXLITE_SHIM_BOX_CONFIG_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../common/net-control.h"
#include "../../protocol/protocol.h"
#include "config-link.h"
#include "decoder.h"

enum { MAX_FD = 400, MAC_BYTES = 6 };

/* A port of the host that leads to one of the box. */
struct published_port {
    uint32_t id;      /* by which boxlite-net knows it */
    uint8_t protocol; /* BL_IP_* */
    bool is_v6;
    struct in6_addr host_address; /* an IPv4 address in its first 4 bytes, in network order */
    uint32_t host_port;           /* 0 until it is bound: the kernel chooses */
    uint32_t box_port;
};

/* The box's network; addresses of IPv4 are in host order. */
struct net_config {
    const char *program; /* boxlite-net; empty: the box has no network, and nothing else here counts */
    int vmm_fd;          /* the number of the frames' socket in the VMM */
    uint8_t mac[MAC_BYTES];
    uint8_t prefix_length;
    uint32_t address, prefix, gateway, resolver;
    struct in6_addr address6, prefix6, gateway6, resolver6;
    uint32_t mtu;
    struct published_port ports[BL_LIMIT_MAX_PORTS];
    uint32_t port_count;
    struct net_policy *policy; /* as boxlite-net receives it; NULL: open, and without rules */
    struct net_rates rates;
    const char *network_directory, *hub_program; /* may be empty where there is no link */
    struct link_config links[BL_LIMIT_MAX_LINKS];
    uint32_t link_count;
};

void config_net_take(struct decoder *d, struct net_config *net);
int config_net_check(const struct net_config *net, struct err *err);
/* Whether the box can be linked to a network while it runs. */
bool config_has_hubs(const struct net_config *net);

/* Of the message: only the rules that there are. */
size_t net_policy_bytes(const struct net_policy *policy);

/* The same values in a client's message, checked. */
int config_net_read_port(const uint8_t *message, size_t size, struct published_port *port, struct err *err);
int config_net_read_link(const uint8_t *message, size_t size, struct link_config *link, struct err *err);
int config_net_read_network(const uint8_t *message, size_t size, char network[NETWORK_ID_BYTES + 1], struct err *err);
int config_net_read_rates(const uint8_t *message, size_t size, struct net_rates *rates, struct err *err);
/* The policy is the caller's to free. */
int config_net_read_policy(const uint8_t *message, size_t size, struct net_policy **policy, struct err *err);

#endif
