/* Addresses of an interface, and its default route, by rtnetlink: an ioctl knows one address of IPv4 and no source of a
 * route of IPv6. */
#ifndef BOXLITE_GUEST_ADDRESSES_H
#define BOXLITE_GUEST_ADDRESSES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* -1 with errno. One that is there already is EEXIST, one that is not EADDRNOTAVAIL. address: in host byte order. */
int change_address(bool add, const char *interface, uint32_t address, uint8_t prefix);
int change_address6(bool add, const char *interface, const struct in6_addr *address, uint8_t prefix);

/* source: one of the interface's addresses. Without it the kernel would take the one that was added last, of whatever
 * network. */
int change_default_route6(bool add, const char *interface, const struct in6_addr *gateway,
                          const struct in6_addr *source);

#endif
