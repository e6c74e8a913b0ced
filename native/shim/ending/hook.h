/* on_exit after a delay, by which a restart policy needs neither CLI nor daemon: the shim, 1 MB, waits. It has
 * released the box's sockets and lock by then, so that others can start the box meanwhile; SIGTERM ends the wait.
 * A hook that was killed runs again. */
#ifndef BOXLITE_SHIM_ENDING_HOOK_H
#define BOXLITE_SHIM_ENDING_HOOK_H

#include "../box/shim.h"

/* The box has ended and no client records the end. */
void hook_begin(struct shim *shim);
void hook_due(struct shim *shim);
void hook_ended(struct shim *shim, int status);
/* Cancels the hook, and kills one that runs. False when there was none to cancel. */
bool hook_cancel(struct shim *shim);

#endif
