/* The host's directories and files that a box sees: bound into one tree, which QEMU exports. */
#ifndef BOXLITE_SHIM_JAIL_VOLUMES_H
#define BOXLITE_SHIM_JAIL_VOLUMES_H

#include "jail.h"

/* In the child: enters a mount namespace of its own, binds the shares into a small tree as "0", "1", …, where the
 * kernel enforces which are read-only, and replaces the configuration's share descriptor with the tree's root. The
 * host sees none of these mounts, and all end with the process. */
int volumes_assemble(struct jail *jail, struct err *err);

/* Tries whether this user may do so on this host. Returns 0, or 1 after printing the reason on stdout. */
int print_volumes_check(void);

#endif
