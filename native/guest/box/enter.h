#ifndef BOXLITE_GUEST_ENTER_H
#define BOXLITE_GUEST_ENTER_H

#include "../wire/message.h"

/* Makes the overlay the root of the caller's mount namespace, with /proc, /sys, /dev and the box's own /etc
 * files in place, and leaves nothing of the agent's root to be seen. */
int enter_root(struct err *err);

/* Then, what differs from box to box: names, limits, mounts. */
int enter_box(const struct bootstrap *message, struct err *err);

#endif
