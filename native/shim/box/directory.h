/* The box's directory: one shim at a time, and the sockets under which it is found. */
#ifndef BOXLITE_SHIM_BOX_DIRECTORY_H
#define BOXLITE_SHIM_BOX_DIRECTORY_H

#include "shim.h"

/* Goes there, so that every later name is short and relative, and makes sure that no other shim is there
 * (EBUSY). */
int directory_claim(struct shim *shim, struct err *err);
/* shim.sock and qmp.sock, both listening. */
int directory_listen(struct shim *shim, struct err *err);
/* Takes the sockets away and lets the next shim in. */
void directory_release(struct shim *shim);

#endif
