#ifndef BOXLITE_GUEST_VOLUMES_H
#define BOXLITE_GUEST_VOLUMES_H

#include "../proc/passed.h"
#include "../wire/message.h"

/* Mounts the box's disk volumes, and the images that it has besides its own, at ROOT_VOLUMES, and gives a mount for each request of one, for the box's first
 * process: the device policy lets that mount no disk. They are to be closed, after a failure as well. */
int volumes_mount(const struct bootstrap *message, struct passed *mounts, struct err *err);
void volumes_close(struct passed *mounts);

/* Writes everything back and unmounts them. */
void volumes_unmount(void);

#endif
