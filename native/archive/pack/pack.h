/* A directory tree, or one file, as a tar. The tree is hostile: no link in it is followed unless the options say so,
 * and a file that changes while it is read gets the length that its header has. With attributes the working
 * directory of the process changes. */
#ifndef BOXLITE_ARCHIVE_PACK_H
#define BOXLITE_ARCHIVE_PACK_H

#include <stdbool.h>
#include <stdio.h>

#include "../../common/err.h"
#include "../outcome/totals.h"

/* The deepest tree of directories: what unpack takes, and the stack holds. */
enum { PACK_MOST_DEPTH = 4096 };

/* Whether to leave the entry of this relative name out, and all below it. */
typedef bool archive_filter(const char *name);

struct pack_options {
    archive_filter *unwanted; /* or NULL */
    const char *within; /* the directory that pack_path's path is in, and stays in; or NULL. No link is followed. */
    void (*warn)(const char *text);
    bool follow_source; /* a link that the source itself is */
    bool follow_all; /* every link */
    bool attributes;
    bool as_root; /* root owns everything */
    bool sparse; /* holes by GNU's format 1.0, which not every tar reads; else as zeroes */
    bool directories; /* a source may be one */
};

/* Writes all below the directory `root` in byte order of the names, links to one file as hard links; sockets,
 * which a tar can't hold, are left out. Closes nothing. */
int pack_tree(FILE *out, int root, const struct pack_options *options, struct totals *totals, struct err *err);

/* The same for a path, absolute or relative to the working directory: its entries begin with the path's last
 * name. "DIR/." is what is in DIR: there the first name is "." */
int pack_path(FILE *out, const char *source, const struct pack_options *options, struct totals *totals,
              struct err *err);

#endif
