/* Files that the kernel makes as they are read (/proc, /sys, cgroups): they say no size, or a wrong one. */
#ifndef BOXLITE_ARCHIVE_GENERATED_H
#define BOXLITE_ARCHIVE_GENERATED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

bool is_generated(int file, const struct stat *st);
/* Reads it from here to its end, or as much as is taken of one: bytes to be freed, or NULL with errno. */
char *generated_read(int file, size_t *size);

#endif
