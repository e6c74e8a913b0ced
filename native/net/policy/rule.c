#include "rule.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

int rule_check(const struct net_rule *rule, struct err *err) {
    if (rule->kind > NET_RULE_BELOW || rule->prefix_length > 128 || rule->first_port > rule->last_port)
        return err_set(err, EINVAL, "a rule of the policy is out of range");
    if (!memchr(rule->name, 0, sizeof rule->name) || (rule->kind != NET_RULE_ADDRESS && !*rule->name))
        return err_set(err, EINVAL, "a rule of the policy has no name");
    return 0;
}

bool rule_covers(const struct in6_addr *address, const struct net_rule *rule) {
    uint32_t bytes = rule->prefix_length / 8, bits = rule->prefix_length % 8;
    if (memcmp(address->s6_addr, rule->address.s6_addr, bytes) != 0)
        return false;
    return bits == 0 || (address->s6_addr[bytes] ^ rule->address.s6_addr[bytes]) >> (8 - bits) == 0;
}

bool rule_has_name(const struct net_rule *rule, const char *name) {
    if (rule->kind == NET_RULE_NAME)
        return strcasecmp(rule->name, name) == 0;
    size_t whole = strlen(name), below = strlen(rule->name);
    return rule->kind == NET_RULE_BELOW && whole > below + 1 && name[whole - below - 1] == '.' &&
           strcasecmp(name + whole - below, rule->name) == 0;
}
