/* The namespaces of the VMM's process. They begin with it and end with it. */
#ifndef BOXLITE_SHIM_JAIL_NAMESPACES_H
#define BOXLITE_SHIM_JAIL_NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

#include "../base/jail.h"

/* fork(2) into the namespaces and the control group that the jail's walls and shares need. */
pid_t namespaces_fork(const struct jail *jail);
/* Whether a filter that BoxLite runs under knows no clone3(2), and not the kernel refuses it. */
bool namespaces_clone3_is_filtered(void);

/* In the child: whoever may not make namespaces is root of a user namespace, where its own id is root's and no other
 * id exists. */
int namespaces_enter(struct jail *jail, struct err *err);

/* In the child: no mount made there reaches the host, and none that the host makes later reaches the VMM. Does
 * nothing in the host's mount namespace. */
int namespaces_own_mounts(struct jail *jail, struct err *err);

/* Whether the child has mounts of its own. */
bool namespaces_has_mounts(const struct jail *jail);

/* A user namespace of BL_LIMIT_SHARE_IDS ids from `base` on, as a descriptor. Root makes it before the child, since
 * /proc names the holder by its number in the shim's namespace. */
int namespaces_for_shares(uint32_t base, struct err *err);

#endif
