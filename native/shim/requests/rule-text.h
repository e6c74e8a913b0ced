/* The text of a rule, as the command line takes it. */
#ifndef BOXLITE_SHIM_REQUESTS_RULE_TEXT_H
#define BOXLITE_SHIM_REQUESTS_RULE_TEXT_H

#include "../../common/net-control.h"

enum { RULE_TEXT_BYTES = NET_NAME_BYTES + 64 };

void rule_text(const struct net_rule *rule, char text[RULE_TEXT_BYTES]);
/* IPv4 for an address that IPv6 maps. */
void address_text(const struct in6_addr *address, char text[INET6_ADDRSTRLEN]);

#endif
