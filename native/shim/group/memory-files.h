/* Files that lie in memory, as those of a tmpfs. What a VMM writes to one counts as its memory, and the kernel can't
 * take it back as it can what it caches of a disk. An overlay may lie on a tmpfs, and does not tell. */
#ifndef BOXLITE_SHIM_GROUP_MEMORY_FILES_H
#define BOXLITE_SHIM_GROUP_MEMORY_FILES_H

#include <stdint.h>
#include <stdio.h>

/* The size of an open file if it is such a one; else 0. */
uint64_t memory_of_file(int fd);
/* What fits into such file systems at a path and below it; mounts: /proc/self/mountinfo. */
uint64_t memory_below(FILE *mounts, const char *path);

#endif
