/* The VM's serial console and the VMM's own stdout and stderr. */
#ifndef BOXLITE_SHIM_VMM_OUTPUT_H
#define BOXLITE_SHIM_VMM_OUTPUT_H

#include "../box/shim.h"

void vmm_output_event(struct shim *shim, enum source source);
/* Reads the last output of a VMM that has ended. */
void vmm_output_drain(struct shim *shim);

#endif
