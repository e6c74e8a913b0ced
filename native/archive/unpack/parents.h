/* The directory that the last entry went into: most go into the same one as the one before. */
#ifndef BOXLITE_ARCHIVE_PARENTS_H
#define BOXLITE_ARCHIVE_PARENTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "../../common/err.h"

struct parents {
    int root;
    bool sync; /* a file system that it leaves is written back */
    int fd;    /* -1 for none */
    dev_t device;
    char *name;
    bool set_group; /* what is made in it would get its group */
};

/* Returns a descriptor of the directory that `name` is in, which it makes when it is missing; `base` is the rest of
 * the name. The descriptor stays the parents' own. */
int parents_open(struct parents *parents, const char *name, const char **base, struct err *err);
void parents_free(struct parents *parents);

#endif
