/* One rule of a policy. */
#ifndef BOXLITE_NET_POLICY_RULE_H
#define BOXLITE_NET_POLICY_RULE_H

#include <stdbool.h>

#include "../../common/err.h"
#include "../../common/net-control.h"

/* -1: it is malformed. */
int rule_check(const struct net_rule *rule, struct err *err);

/* Whether an address is in the range of a rule of addresses. */
bool rule_covers(const struct in6_addr *address, const struct net_rule *rule);

/* Whether it is a rule of this name, or of all below one of which this is. */
bool rule_has_name(const struct net_rule *rule, const char *name);

#endif
