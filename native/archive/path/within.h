/* Paths of a caller that stay in a directory. The attack: a box has put a link into its volume that leads out of it,
 * to a file of the host's. The kernel takes the directory for the root of all that is in it (openat2,
 * RESOLVE_IN_ROOT): a link to /etc leads to its etc, ".." not above it. */
#ifndef BOXLITE_ARCHIVE_WITHIN_H
#define BOXLITE_ARCHIVE_WITHIN_H

#include <stdbool.h>
#include <sys/stat.h>

/* Opens `path` in the directory `within`, whose own path is trusted but for its last name, which is no link. NULL: the
 * path is the machine's own. Close-on-exec. -1 with errno. */
int within_open(const char *within, const char *path, int flags);
/* 0, or -1 with errno. follow: the last link, too */
int within_stat(const char *within, const char *path, bool follow, struct stat *st);

#endif
