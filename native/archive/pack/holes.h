#ifndef BOXLITE_ARCHIVE_HOLES_H
#define BOXLITE_ARCHIVE_HOLES_H

#include <stddef.h>
#include <sys/stat.h>

#include "../tar/tar-entry.h"

/* Where an open file has data, as its file system reports. `extents` is NULL for a file without holes, and for one
 * whose file system does not report them; else to be freed. -1 (ENOMEM). */
int holes_find(int file, const struct stat *st, struct tar_extent **extents, size_t *count);

#endif
