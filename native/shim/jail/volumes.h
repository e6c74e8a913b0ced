/* The host's directories and files that a box is given: assembled into one tree, which QEMU exports. */
#ifndef BOXLITE_SHIM_JAIL_VOLUMES_H
#define BOXLITE_SHIM_JAIL_VOLUMES_H

#include "jail.h"

/* In the child: leaves for a mount namespace of its own, where the shares are bound into a small tree as
 * "0", "1", …, read-only ones made so by the kernel, and puts the tree's root in the place of the
 * configuration's share descriptor. No mount is seen on the host, and all end with the process. */
int volumes_assemble(struct jail *jail, struct err *err);

/* Whether this user may do so here: 0, or 1 after a line on stdout that says why not. */
int print_volumes_check(void);

#endif
