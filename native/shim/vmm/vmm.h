/* The VMM as the shim's child. */
#ifndef BOXLITE_SHIM_VMM_VMM_H
#define BOXLITE_SHIM_VMM_VMM_H

#include "../box/shim.h"

/* Returns when the VMM's own program runs. A failure's stage is in shim->stage. */
int vmm_start(struct shim *shim, struct err *err);
void vmm_kill(struct shim *shim);
/* Ends the VMM for a reason that is then found in the facts; the first one stays. */
void vmm_fault(struct shim *shim, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The start has come as far as this stage. */
void vmm_reached(struct shim *shim, uint32_t stage);

#endif
