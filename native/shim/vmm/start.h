/* Starts the VMM as the shim's child, in its jail. */
#ifndef BOXLITE_SHIM_VMM_START_H
#define BOXLITE_SHIM_VMM_START_H

#include "../box/shim.h"

/* Returns when the VMM's own program runs. A failure's stage is in shim->stage. */
int vmm_start(struct shim *shim, struct err *err);

#endif
