#ifndef BOXLITE_GUEST_MAKE_PATH_H
#define BOXLITE_GUEST_MAKE_PATH_H

#include "../common/err.h"

/* Makes a directory and its missing parents, mode 0755, owned by root. */
int make_path(const char *path, struct err *err);

/* Makes an empty file where a dangling link at `path` points, with the parents it needs. 0, or -1 with errno. */
int make_file_at_link(const char *path);

#endif
