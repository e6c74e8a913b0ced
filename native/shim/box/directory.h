/* The box's directory: the lock that admits one shim at a time, and the sockets that clients connect to. */
#ifndef BOXLITE_SHIM_BOX_DIRECTORY_H
#define BOXLITE_SHIM_BOX_DIRECTORY_H

#include "shim.h"

/* Changes to it, so that every later path is short and relative, and locks it against other shims (EBUSY). */
int directory_claim(struct shim *shim, struct err *err);
/* shim.sock and qmp.sock, both listening. */
int directory_listen(struct shim *shim, struct err *err);
/* Removes the sockets and unlocks the directory for the next shim. */
void directory_release(struct shim *shim);

#endif
