#ifndef BOXLITE_ARCHIVE_WRITE_ALL_H
#define BOXLITE_ARCHIVE_WRITE_ALL_H

#include <stddef.h>
#include <stdint.h>

/* pwrite(2) of all of it. -1 with errno. */
int write_all(int file, const uint8_t *bytes, size_t size, uint64_t offset);

#endif
