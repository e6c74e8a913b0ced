/* The one place that waits and dispatches: what happens goes from here to its handler, and no handler calls back.
 * A handler changes the state, and each turn ends with what follows from the state. */
#ifndef BOXLITE_SHIM_LOOP_H
#define BOXLITE_SHIM_LOOP_H

#include "box/shim.h"

int loop_open(struct shim *shim, struct err *err);
/* Runs until the VMM has ended and everyone who waits for its end has received it. */
void loop_run(struct shim *shim);

#endif
