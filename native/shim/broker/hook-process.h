/* on_exit's process. */
#ifndef BOXLITE_SHIM_BROKER_HOOK_PROCESS_H
#define BOXLITE_SHIM_BROKER_HOOK_PROCESS_H

#include "../box/config.h"

/* Starts it with standard streams only, as a child of the broker's parent, who waits for it. Returns its pid, 0 when the
 * configuration names none, -1 on failure.
 * handle: a pidfd of it, or -1 before Linux 5.2 */
pid_t hook_process_start(const struct config *config, int *handle);

#endif
