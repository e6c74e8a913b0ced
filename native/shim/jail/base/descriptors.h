/* The VMM's descriptors: exactly those that it needs, under the numbers that its command line names. */
#ifndef BOXLITE_SHIM_JAIL_DESCRIPTORS_H
#define BOXLITE_SHIM_JAIL_DESCRIPTORS_H

#include "jail.h"

/* Moves each to its number. All others close at exec, and so does *kept, which may move. */
int descriptors_place(struct placed_fd *fds, uint32_t count, int *kept, struct err *err);

/* The VMM gets `from` under the number `to`, and not what it had there; that closes at exec. */
void descriptors_replace(struct placed_fd *fds, uint32_t count, int to, int from);

#endif
