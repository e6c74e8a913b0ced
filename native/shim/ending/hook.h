/* on_exit after a delay: restart policies go on without anybody. The shim, 1 MB, is what waits. It has let go
 * of the box's sockets and lock by then, so the box can be started by others meanwhile; SIGTERM ends the
 * waiting. A hook that somebody killed is run again. */
#ifndef BOXLITE_SHIM_ENDING_HOOK_H
#define BOXLITE_SHIM_ENDING_HOOK_H

#include "../box/shim.h"

/* The box has ended and nobody folds the end in. */
void hook_begin(struct shim *shim);
void hook_due(struct shim *shim);
void hook_ended(struct shim *shim, int status);
/* Gives it up, and ends one that runs. False when there was nothing to give up. */
bool hook_cancel(struct shim *shim);

#endif
