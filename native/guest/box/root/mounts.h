/* The box's mounts beside its root: host directories and files, volumes, and tmpfs. */
#ifndef BOXLITE_GUEST_MOUNTS_H
#define BOXLITE_GUEST_MOUNTS_H

#include "../../wire/message.h"

/* In the box's first process, inside its root and before anything of the box's runs: mounts all that was
 * requested, in the order given; places that are missing are made, and volumes filled that are to have what the image
 * has. disks: a mount for each request of a disk volume, in their order; closes them. */
int mounts_make(const struct bootstrap *message, const int *disks, struct err *err);

/* Makes the mount whose root this is read-only; -1 with errno, EINVAL when it is the root of none. */
int mount_make_read_only(int at);

#endif
