/* The VMM's root: a few directories of the host, read-only, and nothing of anybody's. */
#ifndef BOXLITE_SHIM_JAIL_ROOT_H
#define BOXLITE_SHIM_JAIL_ROOT_H

#include "../base/jail.h"

/* Begins it over the box's directory, which the VMM never opens, with what the configuration lists and the VMM's own
 * descriptors under /proc/self/fd; jail->root is its descriptor. Both do nothing without BL_WALL_ROOT. */
int root_begin(struct jail *jail, struct err *err);
/* After the volumes: makes it the root of this process. */
int root_enter(struct jail *jail, struct err *err);

#endif
