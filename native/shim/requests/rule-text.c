#include "rule-text.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>

enum { MAPPED_BITS = 96 };

static void host_text(const struct net_rule *rule, bool has_ports, char *text, size_t size);
static const char *protocol_suffix(uint8_t protocol);

void rule_text(const struct net_rule *rule, char text[RULE_TEXT_BYTES]) {
    char host[NET_NAME_BYTES + 16], ports[16] = "";
    bool has_ports = rule->first_port != 0 || rule->last_port != UINT16_MAX;
    host_text(rule, has_ports, host, sizeof host);
    if (has_ports && rule->first_port == rule->last_port)
        snprintf(ports, sizeof ports, ":%u", rule->first_port);
    else if (has_ports)
        snprintf(ports, sizeof ports, ":%u-%u", rule->first_port, rule->last_port);
    snprintf(text, RULE_TEXT_BYTES, "%s%s%s", host, ports, protocol_suffix(rule->protocol));
}

static void host_text(const struct net_rule *rule, bool has_ports, char *text, size_t size) {
    if (rule->kind != NET_RULE_ADDRESS) {
        snprintf(text, size, "%s%.*s", rule->kind == NET_RULE_BELOW ? "*." : "", NET_NAME_BYTES - 1, rule->name);
        return;
    }
    char address[INET6_ADDRSTRLEN], prefix[8] = "";
    address_text(&rule->address, address);
    bool v4 = IN6_IS_ADDR_V4MAPPED(&rule->address) && rule->prefix_length >= MAPPED_BITS;
    if (rule->prefix_length < 128)
        snprintf(prefix, sizeof prefix, "/%u", rule->prefix_length - (v4 ? MAPPED_BITS : 0U));
    snprintf(text, size, !v4 && has_ports ? "[%s]%s" : "%s%s", address, prefix);
}

static const char *protocol_suffix(uint8_t protocol) {
    switch (protocol) {
    case IPPROTO_TCP:
        return "/tcp";
    case IPPROTO_UDP:
        return "/udp";
    case IPPROTO_ICMP:
        return "/icmp";
    default:
        return "";
    }
}

void address_text(const struct in6_addr *address, char text[INET6_ADDRSTRLEN]) {
    if (IN6_IS_ADDR_V4MAPPED(address))
        inet_ntop(AF_INET, &address->s6_addr[12], text, INET6_ADDRSTRLEN);
    else
        inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
}
