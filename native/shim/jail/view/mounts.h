/* Mounts by descriptor, on which nothing that lies in a path has an influence. */
#ifndef BOXLITE_SHIM_JAIL_MOUNTS_H
#define BOXLITE_SHIM_JAIL_MOUNTS_H

#include <sys/types.h>

#include "../../../common/err.h"

enum mount_place { MOUNT_DIRECTORY, MOUNT_FILE };

/* A tmpfs over `place`, and its root as a descriptor. */
int mounts_make_tree(const char *place, struct err *err);

/* What lies at `path`, with what is mounted below it (a user other than root may not leave that out), as a mount that
 * is reachable by the descriptor alone. */
int mounts_clone(int directory, const char *path);
/* MOUNT_ATTR_*, on it and on all below it. `user_namespace`: its ids, or -1. */
int mounts_restrict(int mount, unsigned attributes, int user_namespace);
/* Into `tree`, at a name that is made for it. */
int mounts_put(int mount, int tree, const char *name, enum mount_place place);
/* The mount of this root alone. */
int mounts_make_read_only(int root);

#endif
