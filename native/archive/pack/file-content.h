#ifndef BOXLITE_ARCHIVE_FILE_CONTENT_H
#define BOXLITE_ARCHIVE_FILE_CONTENT_H

#include <stdbool.h>
#include <stdio.h>

#include "../../common/err.h"
#include "../tar/tar-entry.h"

/* Copies a piece of a file into an archive, whose header has announced its length: what a file that became shorter
 * meanwhile lacks is written as zeroes. `name` is the file's in messages.
 * @param shorter set when it did */
int file_content_copy(FILE *out, int file, const struct tar_extent *piece, const char *name, bool *shorter,
                      struct err *err);

#endif
