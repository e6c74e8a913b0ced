/* What one box may reach. Pure decisions: time, packets and answers come in, a verdict goes out. */
#ifndef BOXLITE_NET_POLICY_POLICY_H
#define BOXLITE_NET_POLICY_POLICY_H

#include <stdbool.h>

#include "../../common/err.h"
#include "../../common/net-control.h"
#include "../packet/packet.h"
#include "connections.h"

enum { MAX_GRANTS = 1024, MAX_FLOWS = 512 };

/* An address that our resolver gave the box for a name, by which a rule knows it. */
struct grant {
    struct in6_addr address;
    int32_t rule; /* -1: free */
    uint64_t until_ms;
    char name[NET_NAME_BYTES]; /* as asked for */
};

/* What was decided of a flow without connection stands until it has rested. */
struct flow {
    struct in6_addr address;
    uint16_t box_port, port;
    uint8_t protocol;
    bool used, allowed;
    uint64_t last_ms;
};

struct policy {
    enum net_mode mode;
    bool reports;
    uint32_t rule_count, host_port_count;
    uint16_t host_ports[NET_MAX_HOST_PORTS];
    struct net_rule *rules; /* rule_count of them */
    struct grant *grants; /* MAX_GRANTS, once a rule of names has been met */
    /* Those to the outside, and those with members: what was decided of one kind says nothing of the other, and
     * members' datagrams take no place of the box's own. */
    struct flow *flows[2]; /* MAX_FLOWS each, once there was one */
    uint32_t next_flow[2];
    struct connections connections; /* to members */
};

struct verdict {
    bool allowed, is_news; /* the first packet of a flow, or of a connection */
    int32_t rule;
    const char *name; /* of the rule's grant, or NULL */
};

/* Zeroed, a policy is open and has no rules. */

/* Keeps what our resolver has given the box, and the flows and connections that go on. -1: the policy is malformed or there is no memory
 * for it, and nothing has changed. */
int policy_set(struct policy *policy, const struct net_policy *wanted, struct err *err);
void policy_free(struct policy *policy);

/* The decision on a packet that begins or goes on with something: to an address outside the network. */
struct verdict policy_decide(struct policy *policy, const struct packet *packet, uint64_t now_ms);
/* The same about another member of the box's networks: only rules that deny count. */
struct verdict policy_decide_member(struct policy *policy, const struct packet *packet, uint64_t now_ms);
/* Whether a packet of TCP between these ends must not pass: the policy has changed since the box began it. */
bool policy_cuts_member(const struct policy *policy, const struct in6_addr *member, uint16_t port, uint16_t box_port);
/* A member has sent the box this datagram: it may be answered. */
void policy_heard(struct policy *policy, const struct packet *packet, uint64_t now_ms);
/* Whether what was begun with this address may go on. An address that a name had stays its own meanwhile. */
bool policy_admits(struct policy *policy, const struct in6_addr *address, uint16_t port, uint8_t protocol);
/* Whether the box may open a connection to this port of the host's loopback. */
bool policy_allows_host(const struct policy *policy, uint16_t port);
/* Whether the box may have this name resolved, which its network does not know: a query, too, leads out. */
bool policy_resolves(const struct policy *policy, const char *name);
/* Whether an address's name may be looked up outside. */
bool policy_reverses(const struct policy *policy, const struct in6_addr *address);
/* Whether the name is denied, whoever bears it. */
bool policy_denies_name(const struct policy *policy, const char *name);
/* The resolver gives the box this address for the name it has asked for, for `ttl` seconds. */
void policy_granted(struct policy *policy, const char *name, const struct in6_addr *address, uint32_t ttl,
                    uint64_t now_ms);

#endif
