/* A box without a network: the VMM has none, whatever its guest does to its device. */
#ifndef BOXLITE_SHIM_JAIL_NO_NETWORK_H
#define BOXLITE_SHIM_JAIL_NO_NETWORK_H

#include "jail.h"

/* Enters an empty network namespace. What the VMM talks to are descriptors that it has already. */
int no_network(struct jail *jail, struct err *err);

#endif
