/* The one place that waits. It dispatches each event to its handler, and no handler calls back: a handler changes
 * the state, and the loop acts on the state at the end of each turn. */
#ifndef BOXLITE_SHIM_LOOP_H
#define BOXLITE_SHIM_LOOP_H

#include "box/shim.h"

int loop_open(struct shim *shim, struct err *err);
/* Runs until the VMM has ended and every client that waits for its end has received it. */
void loop_run(struct shim *shim);

#endif
