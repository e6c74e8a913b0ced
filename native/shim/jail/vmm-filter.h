/* Calls that no VMM needs, by which one that its guest has taken over would outlive its shim or find the host's keys.
 * QEMU puts its own filter on top, unless it is told not to. */
#ifndef BOXLITE_SHIM_JAIL_VMM_FILTER_H
#define BOXLITE_SHIM_JAIL_VMM_FILTER_H

#include "jail.h"

int vmm_filter(struct jail *jail, struct err *err);

#endif
