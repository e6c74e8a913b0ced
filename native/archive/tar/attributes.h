/* Extended attributes, of files by descriptor and of what can't be opened by its name in its directory. */
#ifndef BOXLITE_ARCHIVE_ATTRIBUTES_H
#define BOXLITE_ARCHIVE_ATTRIBUTES_H

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

/* A file system that has none gives none. */
int attributes_read(int directory, const char *base, struct attributes *out, struct err *err);
/* -1 (ENOMEM) and nothing added. */
int attributes_add(struct attributes *attributes, const char *name, size_t name_size, const void *value, size_t size);
/* Sets those that a copy keeps: the user's own, ACLs and capabilities. The first errno that is neither for
 * want of the right nor of the file system's support, else 0; `refused` counts the others. */
int attributes_write(int directory, const char *base, const struct attributes *attributes, unsigned *refused);
void attributes_free(struct attributes *attributes);

#endif
