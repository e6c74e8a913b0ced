/* The system calls that a shim still needs once its VMM runs. */
#ifndef BOXLITE_SHIM_OWN_JAIL_CALLS_H
#define BOXLITE_SHIM_OWN_JAIL_CALLS_H

#include "../box/shim.h"

/* As in the VMM's lock (preload/lock.c), a call that is not among them does not exist (ENOSYS), and one that only an
 * attacker would make ends the shim, and with it the box. */
int calls_filter(const struct shim *shim, struct err *err);

#endif
