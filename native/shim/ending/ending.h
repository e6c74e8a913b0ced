/* How a box ends, in an order in which a crash at any point leaves the next reader the truth: the facts
 * are in place before the sockets go, and the sockets are gone before anyone is told. */
#ifndef BOXLITE_SHIM_ENDING_ENDING_H
#define BOXLITE_SHIM_ENDING_ENDING_H

#include "../box/shim.h"

/* SIGTERM: the guest is asked to shut down; a second one, or one before main runs, kills. After the end of
 * the box it gives up on_exit. */
void ending_asked_for(struct shim *shim);
/* The VMM has been reaped. */
void ending_vmm_ended(struct shim *shim, int status);
/* At the end of each turn: drops the clients that have received everything, runs on_exit when nobody else will.
 * True when dropped connections are to be closed while the shim stays. */
bool ending_settle(struct shim *shim);
bool ending_is_over(const struct shim *shim);

#endif
