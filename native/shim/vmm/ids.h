/* Users for VMMs that no other process of this host runs as. Each VMM takes a range, of which the first id is its own
 * and the others are those of its volumes' files. One register serves all homes: byte N of a file is locked while
 * range N is taken. The kernel releases the lock however the shim ends; a VMM that outlives its shim keeps its
 * range by being a process of that user, which it can't change. The VMM does not inherit the lock: it could unlock
 * it. */
#ifndef BOXLITE_SHIM_VMM_IDS_H
#define BOXLITE_SHIM_VMM_IDS_H

#include "../box/config.h"

/* Takes a range; its first id is UNCHANGED_ID where the configuration names no register. The caller holds the
 * register as long as the VMM lives. */
int vmm_ids_take(const struct config *config, uint32_t *id, int *register_fd, struct err *err);

#endif
