/* What the engine wants to have run when the box has ended. */
#ifndef BOXLITE_SHIM_ENDING_ON_EXIT_H
#define BOXLITE_SHIM_ENDING_ON_EXIT_H

#include "../box/config.h"

/* Starts it, detached from everything of ours. Returns its pid; 0 when there is none to run, -1 when it can't. */
pid_t on_exit_run(const struct config *config);

#endif
