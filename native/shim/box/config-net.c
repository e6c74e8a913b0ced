#include "config-net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/cleanup.h"

/* Four bytes, two ports, the length of an address and it, the length of a name. */
enum { LEAST_RULE_BYTES = 4 + 8 + 20 + 4 };

_Static_assert(BL_LIMIT_MAX_NET_RULES == NET_MAX_RULES && BL_LIMIT_MAX_HOST_PORTS == NET_MAX_HOST_PORTS &&
                   BL_NET_MODE_INTERNAL == (unsigned)NET_MODE_INTERNAL && BL_NET_RULE_BELOW == (unsigned)NET_RULE_BELOW,
               "the engine's words are those of boxlite-net");

static void take_port(struct decoder *d, struct published_port *port);
static void take_policy(struct decoder *d, bool is_change, struct net_policy **to);
static void take_rule(struct decoder *d, struct net_rule *rule);
static struct net_rates take_rates(struct decoder *d);
static uint16_t take_port_number(struct decoder *d, uint32_t number, uint32_t least);
static int check_port(const struct published_port *port, struct err *err);
static int check_policy(const struct net_policy *policy, struct err *err);
static int whole(const struct decoder *d, struct err *err);

void config_net_take(struct decoder *d, struct net_config *net) {
    net->program = decoder_string(d, "netProgram");
    bool is_there = *net->program;
    net->vmm_fd = (int)rd_u32(&d->rd);
    decoder_exact(d, "macAddress", net->mac, is_there ? MAC_BYTES : 0);
    net->address = rd_u32(&d->rd);
    net->prefix = rd_u32(&d->rd);
    net->prefix_length = rd_u8(&d->rd);
    net->gateway = rd_u32(&d->rd);
    net->resolver = rd_u32(&d->rd);
    uint32_t size = is_there ? sizeof(struct in6_addr) : 0;
    decoder_exact(d, "address6", &net->address6, size);
    decoder_exact(d, "prefix6", &net->prefix6, size);
    decoder_exact(d, "gateway6", &net->gateway6, size);
    decoder_exact(d, "resolver6", &net->resolver6, size);
    net->mtu = rd_u32(&d->rd);
    net->port_count = decoder_count(d, "ports", BL_LIMIT_MAX_PORTS, 13);
    for (uint32_t i = 0; i < net->port_count && !d->failed; i++)
        take_port(d, &net->ports[i]);
    take_policy(d, false, &net->policy);
    net->rates = take_rates(d);
    net->network_directory = decoder_string(d, "networkDirectory");
    net->hub_program = decoder_string(d, "hubProgram");
    net->link_count = decoder_count(d, "links", BL_LIMIT_MAX_LINKS, LEAST_LINK_BYTES);
    for (uint32_t i = 0; i < net->link_count && !d->failed; i++)
        config_link_take(d, &net->links[i]);
}

static void take_port(struct decoder *d, struct published_port *port) {
    port->protocol = rd_u8(&d->rd);
    const uint8_t *address;
    uint32_t size;
    rd_bytes(&d->rd, &address, &size);
    port->is_v6 = size == sizeof port->host_address;
    if (size == 4 || port->is_v6)
        memcpy(&port->host_address, address, size);
    else if (!d->rd.bad && !d->failed) {
        d->failed = true;
        err_set(d->err, EINVAL, "configuration: a port's address has %u bytes", size);
    }
    port->host_port = rd_u32(&d->rd);
    port->box_port = rd_u32(&d->rd);
}

/* Without a mode, rules and ports a start has nothing to send, and nothing is allocated. */
static void take_policy(struct decoder *d, bool is_change, struct net_policy **to) {
    uint32_t mode = rd_u32(&d->rd), reports = rd_u32(&d->rd), host_ports[BL_LIMIT_MAX_HOST_PORTS];
    uint32_t host_port_count = decoder_count(d, "hostPorts", BL_LIMIT_MAX_HOST_PORTS, 4);
    for (uint32_t i = 0; i < host_port_count; i++)
        host_ports[i] = rd_u32(&d->rd);
    uint32_t rule_count = decoder_count(d, "netRules", BL_LIMIT_MAX_NET_RULES, LEAST_RULE_BYTES);
    bool is_open = mode == NET_MODE_OPEN && !reports && !host_port_count && !rule_count;
    if (d->rd.bad || d->failed || (is_open && !is_change))
        return;
    struct net_policy *policy = *to = calloc(1, sizeof *policy);
    if (!policy) {
        d->failed = true;
        err_set(d->err, ENOMEM, "configuration: no memory for netRules");
        return;
    }
    policy->type = NET_POLICY;
    policy->mode = mode;
    policy->reports = reports;
    policy->host_port_count = host_port_count;
    for (uint32_t i = 0; i < host_port_count; i++)
        policy->host_ports[i] = take_port_number(d, host_ports[i], 1);
    policy->rule_count = rule_count;
    for (uint32_t i = 0; i < rule_count && !d->failed; i++)
        take_rule(d, &policy->rules[i]);
}

static void take_rule(struct decoder *d, struct net_rule *rule) {
    rule->denies = rd_u8(&d->rd);
    rule->kind = rd_u8(&d->rd);
    rule->protocol = rd_u8(&d->rd);
    rule->prefix_length = rd_u8(&d->rd);
    rule->first_port = take_port_number(d, rd_u32(&d->rd), 0);
    rule->last_port = take_port_number(d, rd_u32(&d->rd), 0);
    decoder_exact(d, "netRules.address", &rule->address, sizeof rule->address);
    const char *name = decoder_string(d, "netRules.name");
    size_t size = strlen(name) + 1;
    if (size <= sizeof rule->name) {
        memcpy(rule->name, name, size);
        return;
    }
    d->failed = true;
    err_set(d->err, EINVAL, "configuration: a rule's name has %zu bytes", size - 1);
}

static struct net_rates take_rates(struct decoder *d) {
    uint64_t tx = rd_u64(&d->rd);
    return (struct net_rates){.type = NET_RATES, .tx = tx, .rx = rd_u64(&d->rd)};
}

static uint16_t take_port_number(struct decoder *d, uint32_t number, uint32_t least) {
    if (number >= least && number <= UINT16_MAX)
        return (uint16_t)number;
    if (!d->rd.bad && !d->failed)
        err_set(d->err, EINVAL, "configuration: there is no port %u", number);
    d->failed = d->failed || !d->rd.bad;
    return 0;
}

int config_net_check(const struct net_config *net, struct err *err) {
    if (!*net->program)
        return net->port_count || net->policy || net->link_count || net->rates.tx || net->rates.rx
                   ? err_set(err, EINVAL, "configuration: a box without a network has ports, rules, caps or links")
                   : 0;
    if (net->program[0] != '/')
        return err_set(err, EINVAL, "configuration: netProgram is not an absolute path");
    if (net->vmm_fd < 3 || net->vmm_fd > MAX_FD)
        return err_set(err, EINVAL, "configuration: netFd is %d, not between 3 and %d", net->vmm_fd, MAX_FD);
    if (net->prefix_length > 32)
        return err_set(err, EINVAL, "configuration: a prefix of %u bits", net->prefix_length);
    for (uint32_t i = 0; i < net->port_count; i++)
        if (check_port(&net->ports[i], err))
            return -1;
    if (net->link_count && !config_has_hubs(net))
        return err_set(err, EINVAL, "configuration: networkDirectory or hubProgram is not an absolute path");
    for (uint32_t i = 0; i < net->link_count; i++)
        if (config_link_check(&net->links[i], err))
            return -1;
    return net->policy ? check_policy(net->policy, err) : 0;
}

bool config_has_hubs(const struct net_config *net) {
    return net->network_directory[0] == '/' && net->hub_program[0] == '/';
}

size_t net_policy_bytes(const struct net_policy *policy) {
    return offsetof(struct net_policy, rules) + policy->rule_count * sizeof policy->rules[0];
}

int config_net_read_port(const uint8_t *message, size_t size, struct published_port *port, struct err *err) {
    struct decoder d = {.rd = {.p = message, .left = size}, .err = err};
    *port = (struct published_port){0};
    take_port(&d, port);
    return whole(&d, err) || check_port(port, err) ? -1 : 0;
}

int config_net_read_rates(const uint8_t *message, size_t size, struct net_rates *rates, struct err *err) {
    struct decoder d = {.rd = {.p = message, .left = size}, .err = err};
    *rates = take_rates(&d);
    return whole(&d, err);
}

int config_net_read_policy(const uint8_t *message, size_t size, struct net_policy **policy, struct err *err) {
    cleanup_free char *space = malloc(size + 1);
    cleanup_free struct net_policy *taken = NULL;
    if (!space)
        return err_set(err, ENOMEM, "no memory for a policy");
    struct decoder d = {.rd = {.p = message, .left = size}, .space = space, .err = err};
    take_policy(&d, true, &taken);
    if (whole(&d, err) || check_policy(taken, err))
        return -1;
    *policy = taken;
    taken = NULL;
    return 0;
}

int config_net_read_network(const uint8_t *message, size_t size, char network[NETWORK_ID_BYTES + 1], struct err *err) {
    struct decoder d = {.rd = {.p = message, .left = size}, .err = err};
    *network = 0;
    config_network_take(&d, network);
    return whole(&d, err);
}

static int check_port(const struct published_port *port, struct err *err) {
    if (port->protocol != BL_IP_TCP && port->protocol != BL_IP_UDP)
        return err_set(err, EINVAL, "configuration: a port of protocol %u", port->protocol);
    if (port->host_port > UINT16_MAX || !port->box_port || port->box_port > UINT16_MAX)
        return err_set(err, EINVAL, "configuration: there is no port %u",
                       port->host_port > UINT16_MAX ? port->host_port : port->box_port);
    return 0;
}

int config_net_read_link(const uint8_t *message, size_t size, struct link_config *link, struct err *err) {
    struct decoder d = {.rd = {.p = message, .left = size}, .err = err};
    *link = (struct link_config){0};
    config_link_take(&d, link);
    return whole(&d, err) || config_link_check(link, err) ? -1 : 0;
}

static int check_policy(const struct net_policy *policy, struct err *err) {
    if (policy->mode > NET_MODE_INTERNAL || policy->reports > 1)
        return err_set(err, EINVAL, "configuration: netMode is %u, netReports %u", policy->mode, policy->reports);
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        const struct net_rule *rule = &policy->rules[i];
        bool named = rule->kind == NET_RULE_NAME || rule->kind == NET_RULE_BELOW;
        bool known = rule->protocol == 0 || rule->protocol == BL_IP_TCP || rule->protocol == BL_IP_UDP ||
                     rule->protocol == BL_IP_ICMP;
        if (rule->denies > 1 || rule->kind > NET_RULE_BELOW || !known || rule->prefix_length > 128 ||
            rule->first_port > rule->last_port || named != (rule->name[0] != 0))
            return err_set(err, EINVAL, "configuration: rule %u of netRules is none", i);
    }
    return 0;
}

static int whole(const struct decoder *d, struct err *err) {
    if (d->failed)
        return -1;
    return d->rd.bad || d->rd.left ? err_set(err, EPROTO, "the message has another length than its fields") : 0;
}
