/* The files that the VMM may open, whatever root it has. */
#ifndef BOXLITE_SHIM_JAIL_FILES_H
#define BOXLITE_SHIM_JAIL_FILES_H

#include "../base/jail.h"

/* By Landlock: reading and executing what the configuration lists, its own descriptors opened again, and what the box
 * may do to its shares. */
int files_restrict(struct jail *jail, struct err *err);

#endif
