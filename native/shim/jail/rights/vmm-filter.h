/* Refuses calls that no VMM needs, by which one that its guest has taken over would outlive its shim or find the
 * host's keys. QEMU adds its own filter, unless its command line says otherwise. */
#ifndef BOXLITE_SHIM_JAIL_VMM_FILTER_H
#define BOXLITE_SHIM_JAIL_VMM_FILTER_H

#include "../base/jail.h"

int vmm_filter(struct jail *jail, struct err *err);

#endif
