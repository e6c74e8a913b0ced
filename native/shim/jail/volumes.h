/* The host's directories and files that a box sees: bound into one tree, which QEMU exports. */
#ifndef BOXLITE_SHIM_JAIL_VOLUMES_H
#define BOXLITE_SHIM_JAIL_VOLUMES_H

#include <stdbool.h>

#include "jail.h"

/* Whether there are shares that need mounts. */
bool volumes_are_mounted(const struct config *config);

/* In the child: binds the shares into a small tree as "0", "1", …, where the kernel enforces which are read-only, and
 * replaces the configuration's share descriptor with the tree's root. `root` is the VMM's new root, where the tree
 * gets its place, or -1: then it is mounted over the box's directory, which the VMM never opens. */
int volumes_assemble(struct jail *jail, int root, struct err *err);

/* Tries whether this user may do so on this host. Returns 0, or 1 after printing the reason on stdout. */
int print_volumes_check(void);

#endif
