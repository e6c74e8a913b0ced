/* What the engine wants to have run when the box has ended. */
#ifndef BOXLITE_SHIM_ON_EXIT_H
#define BOXLITE_SHIM_ON_EXIT_H

#include "config.h"

/* Starts it, detached from everything of ours; nobody waits for it. */
void on_exit_run(const struct config *config);

#endif
