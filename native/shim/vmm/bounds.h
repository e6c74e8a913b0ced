/* The host's bounds around the VMM: the making of its control group, one of its walls. */
#ifndef BOXLITE_SHIM_VMM_BOUNDS_H
#define BOXLITE_SHIM_VMM_BOUNDS_H

#include <stdbool.h>

#include "../box/shim.h"
#include "../jail/base/jail.h"

/* Makes it, for the child to begin in. The VMM's files must be open. */
int bounds_make(struct shim *shim, struct jail *jail, struct err *err);
/* Whether it is the group that a clone has failed for with this errno. */
bool bounds_refused(const struct jail *jail, int code);
/* The VMM runs: removes a group that the kernel has not taken it into. A template's machine, which may take a moment
 * longer, also removes those that killed shims have left. */
void bounds_settle(struct shim *shim, const struct jail *jail);

#endif
