/* Gives a child exactly the descriptors it is to have, under exactly the numbers it is to have them. */
#ifndef BOXLITE_SHIM_JAIL_DESCRIPTORS_H
#define BOXLITE_SHIM_JAIL_DESCRIPTORS_H

#include "jail.h"

/* Places each; all others close at exec, *kept too, which may move. */
int descriptors_place(struct placed_fd *fds, uint32_t count, int *kept, struct err *err);

#endif
