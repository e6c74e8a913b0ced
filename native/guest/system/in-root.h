/* Names of the box, resolved inside its root whatever links the box has put there. */
#ifndef BOXLITE_GUEST_IN_ROOT_H
#define BOXLITE_GUEST_IN_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include "../../common/err.h"

/* Opens the directory or other file that `path` names as a place to mount at (O_PATH), and makes what is missing of
 * it: directories of mode 0755, at the end one more or an empty file; where a link leads to nothing, there. Neither
 * "..", an absolute link nor a link of /proc leads out of `root`. Returns -1 with ENOTDIR when a file is in the way
 * or the end is not of the wanted kind, with ELOOP when links form a circle. */
int in_root_open(int root, const char *path, bool directory, struct err *err);

/* openat(2), for what is there. Neither "..", an absolute link nor a link of /proc (ELOOP) leads out of `root`. */
int in_root_at(int root, const char *path, uint64_t flags);

#endif
