#ifndef BOXLITE_ARCHIVE_DIRECTORY_NAMES_H
#define BOXLITE_ARCHIVE_DIRECTORY_NAMES_H

#include <stddef.h>

#include "../../common/err.h"

struct directory_names {
    char **names;
    size_t count, size;
};

/* What is in an open directory, in byte order, so that the same tree makes the same archive. To be freed, after a
 * failure as well. */
int directory_names_read(int directory, struct directory_names *names, struct err *err);
void directory_names_free(struct directory_names *names);

#endif
