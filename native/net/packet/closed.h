/* Addresses that a box must not reach, whatever it may reach otherwise. */
#ifndef BOXLITE_NET_PACKET_CLOSED_H
#define BOXLITE_NET_PACKET_CLOSED_H

#include "packet.h"

/* Learns the addresses of the host's loopback interfaces besides the standard ones. Needs a netlink socket, so call it
 * before the jail. */
void closed_look_around(void);

/* The host itself (its loopback), link-local addresses, where clouds serve the host's credentials, multicast and
 * broadcast, and IPv6 addresses that stand for such an IPv4 address. */
bool closed_address(const struct in6_addr *address);
/* Whether the IPv6 address stands for an IPv4 address (NAT64, 6to4 and the like), which is then in *v4. */
bool closed_carries_v4(const struct in6_addr *address, struct in6_addr *v4);

#endif
