/* The host's directories and files that a box sees: bound into one tree, which QEMU exports. */
#ifndef BOXLITE_SHIM_JAIL_VOLUMES_H
#define BOXLITE_SHIM_JAIL_VOLUMES_H

#include "../base/jail.h"

/* In the child: binds the shares into a small tree as "0", "1", …, where the kernel enforces which are read-only, and
 * replaces the configuration's share descriptor with the tree's root. The tree has its place in the VMM's new root; if
 * there is none, it is mounted over the box's directory. */
int volumes_assemble(struct jail *jail, struct err *err);

/* Tries whether this user may do so on this host. Returns 0, or 1 after printing the reason on stdout. */
int print_volumes_check(void);

#endif
