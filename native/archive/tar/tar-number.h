#ifndef BOXLITE_ARCHIVE_TAR_NUMBER_H
#define BOXLITE_ARCHIVE_TAR_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number of a header: octal digits between spaces and NULs, or GNU's base-256 for what has too many. */
bool tar_number(const uint8_t *field, size_t width, int64_t *out);

#endif
