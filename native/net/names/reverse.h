/* Names that stand for an address: 2.0.18.172.in-addr.arpa (RFC 1035, 3.5) and those below ip6.arpa (RFC 3596, 2.5). */
#ifndef BOXLITE_NET_NAMES_REVERSE_H
#define BOXLITE_NET_NAMES_REVERSE_H

#include "../dns/name.h"
#include "../packet/packet.h"

/* False: the name is another, or stands for no whole address. */
bool reverse_read(const struct dns_name *name, struct in6_addr *address);

#endif
