#ifndef BOXLITE_GUEST_VOLUME_TREE_H
#define BOXLITE_GUEST_VOLUME_TREE_H

#include <stdbool.h>

#include "../wire/message.h"

/* One of those that the agent mounts outside the box: a disk volume, an image, the kernel's modules. */
bool volume_is_disk(const struct mount_request *request);

/* What the request wants of a volume, as a mount that is nowhere yet. volume: its root, in a mount of the caller's
 * namespace (O_PATH). A subpath leads nowhere outside the volume, whatever links are in it. Returns a descriptor
 * or -1. */
int volume_tree(int volume, const struct mount_request *request, struct err *err);

#endif
