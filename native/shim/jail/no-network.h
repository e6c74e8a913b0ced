/* The VMM of a box without a network has none either, whatever its guest does to its device. */
#ifndef BOXLITE_SHIM_JAIL_NO_NETWORK_H
#define BOXLITE_SHIM_JAIL_NO_NETWORK_H

#include "jail.h"

/* Enters an empty network namespace. The VMM communicates only by descriptors that are already open. */
int no_network(struct jail *jail, struct err *err);

#endif
