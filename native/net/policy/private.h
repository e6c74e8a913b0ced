#ifndef BOXLITE_NET_POLICY_PRIVATE_H
#define BOXLITE_NET_POLICY_PRIVATE_H

#include <netinet/in.h>
#include <stdbool.h>

/* Whether an address belongs to a private network, or to the host and its neighbours. */
bool private_address(const struct in6_addr *address);

#endif
