/* on_exit's process. */
#ifndef BOXLITE_SHIM_BROKER_HOOK_PROCESS_H
#define BOXLITE_SHIM_BROKER_HOOK_PROCESS_H

#include "../box/config.h"

/* Starts it with standard streams only, as a child of the broker's parent, who waits for it. Returns its pid, 0 when the
 * configuration names none, -1 on failure. */
pid_t hook_process_start(const struct config *config);

#endif
