/* Where an archive's entries go, by the rules of `cp`: they depend on what is at the destination, and on
 * whether the first entry, the source itself, is a directory. */
#ifndef BOXLITE_ARCHIVE_PLACE_H
#define BOXLITE_ARCHIVE_PLACE_H

#include <stdbool.h>

#include "../../common/err.h"

struct place {
    int root;   /* nothing outside this directory is touched */
    char *from; /* first name of every entry, "" when all are taken as they are */
    char *to;   /* what it is replaced with; "": the directory itself, whose own mode and time stay */
};

/* What the archive calls `from` goes to the destination as `name`, "." for a directory's contents.
 * within: a directory that the destination stays in, whatever links are in it, or NULL. A link that is the destination
 * itself is replaced there, and otherwise followed.
 * @returns -1 with a BL_COPY_* outcome. */
int place_find(struct place *place, const char *within, const char *destination, const char *name, const char *from,
               bool directory, struct err *err);
/* A directory into which whatever comes goes as it is named. */
int place_directory(struct place *place, const char *within, const char *destination, struct err *err);
void place_free(struct place *place);

/* The name below place->root of an entry, without "." and empty components, to be freed. NULL with an outcome
 * for one that has "..", is empty or too long, or is not below the source's name. */
char *place_name(const struct place *place, const char *entry, struct err *err);

#endif
