/* Where this process may make control groups: the topmost one around it that its user may write. For root that is the
 * whole tree, for another user what an administrator or systemd has given away. The kernel moves no process out of
 * there, so a lower one would serve no better, and a higher one not at all. */
#ifndef BOXLITE_SHIM_GROUP_PLACE_H
#define BOXLITE_SHIM_GROUP_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "../../common/err.h"

#define NEEDS_VERSION_2 "this host has control groups of version 1, and bounds need version 2"

struct place {
    char path[PATH_MAX];
    bool controllers_elsewhere; /* version 1 has some, so they are missing here */
};

/* EOPNOTSUPP: there is no version 2. ENOENT, EACCES, EROFS: there is no such group. */
int place_look(struct place *place, struct err *err);

/* The same, told what the host says.
 * mounts: /proc/self/mountinfo; own: /proc/self/cgroup; may_write: 0, or the errno for a group's path */
int place_find(FILE *mounts, const char *own, int (*may_write)(const char *path), struct place *place, struct err *err);

#endif
