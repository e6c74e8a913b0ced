/* What the VMM may only read stays so, whoever owns it. */
#ifndef BOXLITE_SHIM_JAIL_VIEW_GIVEN_FILES_H
#define BOXLITE_SHIM_JAIL_VIEW_GIVEN_FILES_H

#include "../base/jail.h"

/* In the child, before anything is mounted: opens each file that is not to be written, and each directory, once more,
 * through a mount of its own that can't be written. By /proc/self/fd the VMM of an ordinary user, who owns the files,
 * could open them for writing otherwise; and nothing is above such a directory. Does nothing without BL_WALL_ROOT. */
int given_files_reopen(struct jail *jail, struct err *err);

#endif
