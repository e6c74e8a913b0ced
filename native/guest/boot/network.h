#ifndef BOXLITE_GUEST_NETWORK_H
#define BOXLITE_GUEST_NETWORK_H

#include "../wire/message.h"

/* Before the template is taken: lo up, and the interface up without an address. */
void network_prepare(void);

/* Static address and default route. */
int network_give_address(const struct network *network, struct err *err);

/* Also of an interface that is up. */
int network_set_mac(const uint8_t mac[MAC_BYTES], struct err *err);

/* For a box without a network: no interface but lo. */
int network_remove(struct err *err);

#endif
