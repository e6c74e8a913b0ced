/* A proc file system of the caller's own namespaces, mounted nowhere: it works whatever the box has mounted over
 * /proc, and although the box's /proc/sys is read-only. */
#ifndef BOXLITE_GUEST_OWN_PROC_H
#define BOXLITE_GUEST_OWN_PROC_H

#include "../../common/err.h"

/* Returns a descriptor of its root, or -1. */
int own_proc_open(struct err *err);
/* Overwrites a file that is there. `path` goes down from `root` without "..", links or other mounts. */
int own_proc_write(int root, const char *path, const char *text, struct err *err);

#endif
