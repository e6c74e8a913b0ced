/* Any number of addresses on an interface, by rtnetlink: an ioctl knows one of IPv4. */
#ifndef BOXLITE_GUEST_ADDRESSES_H
#define BOXLITE_GUEST_ADDRESSES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* -1 with errno. One that is there already is EEXIST, one that is not EADDRNOTAVAIL. address: in host byte order. */
int change_address(bool add, const char *interface, uint32_t address, uint8_t prefix);
int change_address6(bool add, const char *interface, const struct in6_addr *address, uint8_t prefix);

#endif
