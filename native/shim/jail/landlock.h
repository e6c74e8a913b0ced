/* Landlock: what the VMM may open, bind, connect to and signal, whatever root and namespaces it is in. */
#ifndef BOXLITE_SHIM_JAIL_LANDLOCK_H
#define BOXLITE_SHIM_JAIL_LANDLOCK_H

#include "jail.h"

/* Reading and executing what the configuration lists, and what the box may do to its shares; no TCP, and no process or
 * abstract socket outside. Rights that this kernel does not know are not restricted. */
int landlock_restrict(struct jail *jail, struct err *err);

#endif
