#include "policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../packet/closed.h"
#include "private.h"
#include "rule.h"

enum {
    /* A name whose answer may not be kept is kept this long: until the box has connected. */
    SHORTEST_GRANT_S = 30,
    LONGEST_GRANT_S = 24 * 60 * 60,
    FLOW_REST_MS = 180 * 1000,
    ANY_TIME = 0, /* at which no grant has ended */
};

static void keep_grants(struct policy *policy, const struct grant *grants);
static void keep_flows(struct policy *policy, struct flow *flows, bool member);
static void keep_connections(struct policy *policy, struct connections *before);
static struct verdict decide_once(struct policy *policy, const struct packet *packet, bool member, uint64_t now_ms);
static struct verdict decide(struct policy *policy, const struct packet *packet, uint8_t protocol, bool member,
                             uint64_t now_ms);
static const struct grant *matching_grant(const struct policy *policy, int32_t rule, const struct in6_addr *address,
                                          uint64_t now_ms);
static struct flow *find_flow(struct flow *flows, const struct packet *packet, uint8_t protocol, uint64_t now_ms);
static void add_flow(struct policy *policy, bool member, const struct packet *packet, uint8_t protocol, bool allowed,
                     uint64_t now_ms);
static struct grant *place_for_grant(struct policy *policy, int32_t rule, const struct in6_addr *address,
                                     uint64_t now_ms);
static void forget_refusals(struct flow *flows, const struct in6_addr *address);
static uint8_t protocol_of(const struct packet *packet);

int policy_set(struct policy *policy, const struct net_policy *wanted, struct err *err) {
    if (wanted->mode > NET_MODE_INTERNAL || wanted->rule_count > NET_MAX_RULES ||
        wanted->host_port_count > NET_MAX_HOST_PORTS)
        return err_set(err, EINVAL, "the policy is out of range");
    for (uint32_t i = 0; i < wanted->rule_count; i++)
        if (rule_check(&wanted->rules[i], err))
            return -1;
    struct net_rule *rules = calloc(wanted->rule_count ? wanted->rule_count : 1, sizeof *rules);
    if (!rules)
        return err_errno(err, "keep the policy");
    struct policy before = *policy;
    *policy = (struct policy){0};
    policy->rules = rules;
    policy->mode = wanted->mode;
    policy->reports = wanted->reports;
    policy->rule_count = wanted->rule_count;
    policy->host_port_count = wanted->host_port_count;
    memcpy(policy->host_ports, wanted->host_ports, sizeof policy->host_ports);
    memcpy(rules, wanted->rules, wanted->rule_count * sizeof *rules);
    keep_grants(policy, before.grants);
    for (int member = 0; member < 2; member++) {
        keep_flows(policy, before.flows[member], member);
        before.flows[member] = NULL;
    }
    keep_connections(policy, &before.connections);
    policy_free(&before);
    return 0;
}

/* Programs remember the addresses that they were given, and what they were given is the same still. */
static void keep_grants(struct policy *policy, const struct grant *grants) {
    for (size_t i = 0; grants && i < MAX_GRANTS; i++) {
        if (grants[i].rule < 0)
            continue;
        for (int32_t rule = 0; rule < (int32_t)policy->rule_count; rule++) {
            if (!rule_has_name(&policy->rules[rule], grants[i].name))
                continue;
            struct grant *grant = place_for_grant(policy, rule, &grants[i].address, ANY_TIME);
            if (!grant)
                return;
            *grant = grants[i];
            grant->rule = rule;
        }
    }
}

static void keep_flows(struct policy *policy, struct flow *flows, bool member) {
    policy->flows[member] = flows;
    for (size_t i = 0; flows && i < MAX_FLOWS; i++) {
        const struct packet packet = {.destination = flows[i].address, .destination_port = flows[i].port};
        flows[i].used = flows[i].used && flows[i].allowed &&
                        decide(policy, &packet, flows[i].protocol, member, ANY_TIME).allowed;
    }
}

static void keep_connections(struct policy *policy, struct connections *before) {
    struct connections *connections = &policy->connections;
    *connections = *before;
    *before = (struct connections){0};
    connections->any_cut = false;
    for (size_t i = 0; connections->all && i < MAX_CONNECTIONS; i++) {
        struct connection *connection = &connections->all[i];
        const struct packet packet = {.destination = connection->member, .destination_port = connection->port};
        connection->cut = connection->used && !decide(policy, &packet, IPPROTO_TCP, true, ANY_TIME).allowed;
        connections->any_cut = connections->any_cut || connection->cut;
    }
}

void policy_free(struct policy *policy) {
    free(policy->rules);
    free(policy->grants);
    free(policy->flows[false]);
    free(policy->flows[true]);
    connections_free(&policy->connections);
    *policy = (struct policy){0};
}

bool policy_admits(struct policy *policy, const struct in6_addr *address, uint16_t port, uint8_t protocol) {
    const struct packet packet = {.destination = *address, .destination_port = port};
    return decide(policy, &packet, protocol, false, ANY_TIME).allowed;
}

struct verdict policy_decide(struct policy *policy, const struct packet *packet, uint64_t now_ms) {
    return decide_once(policy, packet, false, now_ms);
}

struct verdict policy_decide_member(struct policy *policy, const struct packet *packet, uint64_t now_ms) {
    struct verdict verdict = decide_once(policy, packet, true, now_ms);
    if (verdict.allowed && packet->kind == PACKET_TCP)
        connections_begun(&policy->connections, packet);
    return verdict;
}

bool policy_cuts_member(const struct policy *policy, const struct in6_addr *member, uint16_t port, uint16_t box_port) {
    return connections_is_cut(&policy->connections, member, port, box_port);
}

void policy_heard(struct policy *policy, const struct packet *packet, uint64_t now_ms) {
    struct packet answer = *packet;
    answer.source_port = packet->destination_port;
    answer.destination_port = packet->source_port;
    answer.destination = packet->source;
    if (policy->rule_count && !find_flow(policy->flows[true], &answer, IPPROTO_UDP, now_ms))
        add_flow(policy, true, &answer, IPPROTO_UDP, true, now_ms);
}

static struct verdict decide_once(struct policy *policy, const struct packet *packet, bool member, uint64_t now_ms) {
    uint8_t protocol = protocol_of(packet);
    if (protocol == IPPROTO_TCP) {
        struct verdict verdict = decide(policy, packet, protocol, member, now_ms);
        verdict.is_news = true;
        return verdict;
    }
    struct flow *flow = find_flow(policy->flows[member], packet, protocol, now_ms);
    if (flow) {
        flow->last_ms = now_ms;
        return (struct verdict){.allowed = flow->allowed, .rule = -1};
    }
    struct verdict verdict = decide(policy, packet, protocol, member, now_ms);
    verdict.is_news = true;
    add_flow(policy, member, packet, protocol, verdict.allowed, now_ms);
    return verdict;
}

/* Echo requests have no ports; both families' count as ICMP. */
static uint8_t protocol_of(const struct packet *packet) {
    return packet->kind == PACKET_TCP ? IPPROTO_TCP : packet->kind == PACKET_UDP ? IPPROTO_UDP : IPPROTO_ICMP;
}

static struct verdict decide(struct policy *policy, const struct packet *packet, uint8_t protocol, bool member,
                             uint64_t now_ms) {
    const struct in6_addr *to = &packet->destination;
    struct verdict verdict = {.rule = -1};
    if (!member && closed_address(to))
        return verdict;
    struct in6_addr carried;
    bool carries = closed_carries_v4(to, &carried);
    bool shut = !member && policy->mode == NET_MODE_PUBLIC && private_address(to);
    for (int32_t i = 0; i < (int32_t)policy->rule_count; i++) {
        const struct net_rule *rule = &policy->rules[i];
        if ((member && !rule->denies) || (rule->protocol && rule->protocol != protocol) ||
            packet->destination_port < rule->first_port || packet->destination_port > rule->last_port)
            continue;
        const struct grant *grant = NULL;
        /* A denied address of IPv4 is denied in those of IPv6, too, that lead to it. */
        if (rule->kind == NET_RULE_ADDRESS
                ? !rule_covers(to, rule) && !(carries && rule->denies && rule_covers(&carried, rule))
                : !(grant = matching_grant(policy, i, to, now_ms)))
            continue;
        /* Whoever owns a name may point it anywhere: it opens no private address where those are shut. */
        if (!rule->denies && (verdict.allowed || (grant && shut)))
            continue;
        verdict = (struct verdict){.allowed = !rule->denies, .rule = i, .name = grant ? grant->name : NULL};
        if (rule->denies)
            return verdict;
    }
    if (verdict.rule < 0)
        verdict.allowed = member || policy->mode == NET_MODE_OPEN || (policy->mode == NET_MODE_PUBLIC && !shut);
    return verdict;
}

static const struct grant *matching_grant(const struct policy *policy, int32_t rule, const struct in6_addr *address,
                                          uint64_t now_ms) {
    for (size_t i = 0; policy->grants && i < MAX_GRANTS; i++) {
        const struct grant *grant = &policy->grants[i];
        if (grant->rule == rule && grant->until_ms > now_ms && same_address(&grant->address, address))
            return grant;
    }
    return NULL;
}

bool policy_allows_host(const struct policy *policy, uint16_t port) {
    for (uint32_t i = 0; i < policy->host_port_count; i++)
        if (policy->host_ports[i] == port)
            return true;
    return false;
}

/* Where only what is listed may be reached, no other name is resolved. */
bool policy_resolves(const struct policy *policy, const char *name) {
    if (policy_denies_name(policy, name))
        return false;
    bool allowed = policy->mode != NET_MODE_LISTED && policy->mode != NET_MODE_INTERNAL;
    for (uint32_t i = 0; !allowed && i < policy->rule_count; i++)
        allowed = !policy->rules[i].denies && rule_has_name(&policy->rules[i], name);
    return allowed;
}

/* What the box reaches of private addresses it may know by name. */
bool policy_reverses(const struct policy *policy, const struct in6_addr *address) {
    bool allowed = policy->mode != NET_MODE_PUBLIC || !private_address(address);
    for (uint32_t i = 0; !allowed && i < policy->rule_count; i++) {
        const struct net_rule *rule = &policy->rules[i];
        allowed = !rule->denies && rule->kind == NET_RULE_ADDRESS && rule_covers(address, rule);
    }
    return allowed;
}

/* One of which a protocol or some ports are denied has its addresses still. */
bool policy_denies_name(const struct policy *policy, const char *name) {
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        const struct net_rule *rule = &policy->rules[i];
        if (rule->denies && !rule->protocol && rule->first_port == 0 && rule->last_port == UINT16_MAX &&
            rule_has_name(rule, name))
            return true;
    }
    return false;
}

void policy_granted(struct policy *policy, const char *name, const struct in6_addr *address, uint32_t ttl,
                    uint64_t now_ms) {
    uint32_t seconds = ttl < SHORTEST_GRANT_S ? SHORTEST_GRANT_S : ttl > LONGEST_GRANT_S ? LONGEST_GRANT_S : ttl;
    for (int32_t i = 0; i < (int32_t)policy->rule_count; i++) {
        if (!rule_has_name(&policy->rules[i], name))
            continue;
        struct grant *grant = place_for_grant(policy, i, address, now_ms);
        if (!grant)
            return;
        *grant = (struct grant){.address = *address, .rule = i, .until_ms = now_ms + seconds * UINT64_C(1000)};
        strncpy(grant->name, name, sizeof grant->name - 1);
        forget_refusals(policy->flows[false], address);
    }
}

/* Some send from one port for good: what was refused before the name was asked for is decided anew. */
static void forget_refusals(struct flow *flows, const struct in6_addr *address) {
    for (size_t i = 0; flows && i < MAX_FLOWS; i++)
        flows[i].used = flows[i].used && (flows[i].allowed || !same_address(&flows[i].address, address));
}

/* The same one, a free one, or the one that ends first. */
static struct grant *place_for_grant(struct policy *policy, int32_t rule, const struct in6_addr *address,
                                     uint64_t now_ms) {
    if (!policy->grants) {
        policy->grants = calloc(MAX_GRANTS, sizeof *policy->grants);
        for (size_t i = 0; policy->grants && i < MAX_GRANTS; i++)
            policy->grants[i].rule = -1;
    }
    struct grant *found = policy->grants;
    for (size_t i = 0; policy->grants && i < MAX_GRANTS; i++) {
        struct grant *grant = &policy->grants[i];
        if (grant->rule == rule && same_address(&grant->address, address))
            return grant;
        if (grant->rule < 0 || grant->until_ms <= now_ms || grant->until_ms < found->until_ms)
            found = grant;
    }
    return found;
}

static struct flow *find_flow(struct flow *flows, const struct packet *packet, uint8_t protocol, uint64_t now_ms) {
    for (size_t i = 0; flows && i < MAX_FLOWS; i++) {
        struct flow *flow = &flows[i];
        if (flow->used && flow->protocol == protocol && flow->box_port == packet->source_port &&
            flow->port == packet->destination_port && same_address(&flow->address, &packet->destination) &&
            now_ms - flow->last_ms < FLOW_REST_MS)
            return flow;
    }
    return NULL;
}

static void add_flow(struct policy *policy, bool member, const struct packet *packet, uint8_t protocol, bool allowed,
                     uint64_t now_ms) {
    if (!policy->flows[member])
        policy->flows[member] = calloc(MAX_FLOWS, sizeof(struct flow));
    if (policy->flows[member])
        policy->flows[member][policy->next_flow[member]++ % MAX_FLOWS] = (struct flow){.address = packet->destination,
                                                                                       .box_port = packet->source_port,
                                                                                       .port = packet->destination_port,
                                                                                       .protocol = protocol,
                                                                                       .used = true,
                                                                                       .allowed = allowed,
                                                                                       .last_ms = now_ms};
}
