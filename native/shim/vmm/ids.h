/* Users for VMMs that nobody else on this host is. They are given out a range at a time, of which the first is the
 * VMM's and the others are those of its volumes' files, by one register for all homes: byte N of a file is locked
 * while range N is taken. The kernel lets go of the lock however the shim ends; a VMM that outlives its shim keeps
 * its range by being a process of that user, which it can't change. So the VMM is not given the lock: it could
 * unlock it. */
#ifndef BOXLITE_SHIM_VMM_IDS_H
#define BOXLITE_SHIM_VMM_IDS_H

#include "../box/config.h"

/* Takes a range; its first id is UNCHANGED_ID where the configuration names no register. The register is to be held as
 * long as the VMM lives. */
int vmm_ids_take(const struct config *config, uint32_t *id, int *register_fd, struct err *err);

#endif
