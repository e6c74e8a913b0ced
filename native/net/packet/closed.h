/* Addresses that a box must not reach, whatever it may reach otherwise. */
#ifndef BOXLITE_NET_PACKET_CLOSED_H
#define BOXLITE_NET_PACKET_CLOSED_H

#include "packet.h"

/* Learns the host's addresses, those of its loopback besides the standard ones among them. Needs a netlink socket, so call it
 * before the jail. */
void closed_look_around(void);

/* The host itself (its loopback), link-local addresses, where clouds serve the host's credentials, multicast and
 * broadcast, and IPv6 addresses that stand for such an IPv4 address. */
bool closed_address(const struct in6_addr *address);
/* An address of the host's own, or of IPv6 on one of its networks: however public it is, a firewall between it and the
 * world has not seen what the host itself sends there. */
bool closed_is_near(const struct in6_addr *address);
/* Whether the IPv6 address stands for an IPv4 address (NAT64, 6to4 and the like), which is then in *v4. */
bool closed_carries_v4(const struct in6_addr *address, struct in6_addr *v4);

#endif
