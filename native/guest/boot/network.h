#ifndef BOXLITE_GUEST_NETWORK_H
#define BOXLITE_GUEST_NETWORK_H

#include "../wire/message.h"

/* Before the template is taken: lo up, and the interface up without an address. */
void network_prepare(void);

/* Static addresses and default routes, and the MTU. A kernel without IPv6 gets those of IPv4 alone. */
int network_give_addresses(const struct network *network, struct err *err);

/* Undoes that: no address, route or neighbour is left of it. */
int network_take_addresses(const struct network *network, struct err *err);

/* An address besides those, of a network without a gateway. One that is there already, or has gone already, is no
 * error; nor is IPv6 that the box has switched off. */
int network_change_address(bool add, const struct net_address *address, struct err *err);

/* Programs of the box hear at once that nothing is reached any more, and wait for no answer. */
void network_go_down(void);

/* Also of an interface that is up. */
int network_set_mac(const uint8_t mac[MAC_BYTES], struct err *err);

/* For a box without a network: no interface but lo. */
int network_remove(struct err *err);

#endif
