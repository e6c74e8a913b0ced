#ifndef BOXLITE_GUEST_MOUNT_POINTS_H
#define BOXLITE_GUEST_MOUNT_POINTS_H

#include <stdbool.h>

#include "../../common/err.h"

/* The agent's own files are mounted over /etc/hosts, /etc/hostname and /etc/resolv.conf, for which the skeleton has
 * mount points. Where links of the image lead elsewhere, they are made there, in the lowest layer of all (ROOT_POINTS):
 * in the box's own, `diff` and `commit` would take them for its work. With the image mounted, and nothing at
 * ROOT_OVERLAY yet.
 * @param made whether there is such a layer */
int mount_points_make(bool *made, struct err *err);

#endif
