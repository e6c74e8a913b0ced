/* The VMM that runs: how far its start has come, and its end. */
#ifndef BOXLITE_SHIM_VMM_VMM_H
#define BOXLITE_SHIM_VMM_VMM_H

#include "../box/shim.h"

/* Somebody wants the VMM to end. Who sees one dying may do so before its end is told: that is no cause of it. */
void vmm_wanted_ended(struct shim *shim);
void vmm_kill(struct shim *shim);
/* Lets a stopped VMM run again, so that it can end by itself. */
void vmm_continue(struct shim *shim);
/* Kills the VMM for a reason that the records then name; the first reason stays. */
void vmm_fault(struct shim *shim, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* How the VMM has ended, from what wait(2) says of it. */
int vmm_end_status(const struct shim *shim, int status);
/* The guest speaks: whatever has to stand by then does, or the VMM is killed. */
void vmm_heard(struct shim *shim);
/* The start has come as far as this stage. */
void vmm_reached(struct shim *shim, uint32_t stage);

#endif
