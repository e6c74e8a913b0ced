/* The VMM's root: a few directories of the host, read-only, and nothing of anybody's. */
#ifndef BOXLITE_SHIM_JAIL_ROOT_H
#define BOXLITE_SHIM_JAIL_ROOT_H

#include "jail.h"

/* Assembles it over the box's directory, which the VMM never opens: what the configuration lists, the VMM's own
 * descriptors under /proc/self/fd, its directories and the shares. Makes it the root of this process. Without
 * BL_WALL_ROOT the shares alone are assembled. */
int root_enter(struct jail *jail, struct err *err);

#endif
