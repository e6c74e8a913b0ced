/* Extended attributes, of files by descriptor and of what can't be opened by its name in its directory. */
#ifndef BOXLITE_ARCHIVE_ATTRIBUTES_H
#define BOXLITE_ARCHIVE_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "../../common/err.h"

struct tar_attribute {
    char *name;
    void *value;
    size_t size;
};

struct attributes {
    struct tar_attribute *items;
    size_t count;
};

/* Finds none on a file system that has no attributes. */
int attributes_read(int directory, const char *base, struct attributes *out, struct err *err);
/* -1 (ENOMEM) and nothing added. */
int attributes_add(struct attributes *attributes, const char *name, size_t name_size, const void *value, size_t size);
/* Sets those that a copy keeps: the user's own, ACLs and capabilities. Returns 0, or the first errno that means
 * neither a missing right nor a missing feature of the file system; `refused` counts those, and capabilities without
 * `privileges`. */
int attributes_write(int directory, const char *base, const struct attributes *attributes, bool privileges,
                     unsigned *refused);
void attributes_free(struct attributes *attributes);

#endif
