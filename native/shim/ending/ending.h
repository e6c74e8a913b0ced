/* How a box ends, in an order that leaves the next reader the actual state after a crash at any point: the records
 * are in place before the sockets go, and the sockets are gone before any client receives GONE. */
#ifndef BOXLITE_SHIM_ENDING_ENDING_H
#define BOXLITE_SHIM_ENDING_ENDING_H

#include "../box/shim.h"

/* SIGTERM asks the guest to shut down; a second one, or one before main runs, kills the VMM. After the end of
 * the box it cancels on_exit. */
void ending_asked_for(struct shim *shim);
/* The VMM has been reaped. */
void ending_vmm_ended(struct shim *shim, int status);
/* At the end of each turn: drops the clients that have received everything, and begins on_exit unless a client
 * records the end. Returns true when the shim stays and the loop is to close the dropped connections. */
bool ending_settle(struct shim *shim);
bool ending_is_over(const struct shim *shim);

#endif
