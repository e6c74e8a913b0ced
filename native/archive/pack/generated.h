/* Files that the kernel generates as they are read (/proc, /sys, cgroups): their size is missing or wrong. */
#ifndef BOXLITE_ARCHIVE_GENERATED_H
#define BOXLITE_ARCHIVE_GENERATED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

bool is_generated(int file, const struct stat *st);
/* Reads to its end, or as much as an archive takes of one: bytes to be freed, or NULL with errno. */
char *generated_read(int file, size_t *size);

#endif
