/* Makes files of a tar. The archive is hostile: nothing outside the destination is touched, whatever it names or
 * links to, and it does not decide what the copy is called there. (The attack: asked for results/, it begins with
 * .bashrc.) With attributes the working directory of the process changes. */
#ifndef BOXLITE_ARCHIVE_UNPACK_H
#define BOXLITE_ARCHIVE_UNPACK_H

#include <stdbool.h>

#include "../../common/err.h"
#include "../outcome/totals.h"

struct unpack_options {
    /* What the first name of every entry is replaced with, whatever it is; "." for a directory's contents. NULL: as
     * an archive of the caller's own names it. */
    const char *as;
    bool file;       /* a directory was not asked for */
    bool foreign;    /* an archive from elsewhere, into a directory, named as it is */
    bool keep;       /* refuse to replace what is there */
    bool owners;     /* owners as the archive says; else whoever runs this */
    bool attributes; /* extended ones, too */
    bool privileges; /* set-user-id and set-group-id bits, and device nodes */
    bool sync;       /* on the disk before it is done */
    bool direct;     /* large files past the page cache */
    void (*warn)(const char *text);
};

/* Takes the archive from `in`. A file whose content does not come whole is removed again; what is whole stays. */
int unpack(int in, const char *destination, const struct unpack_options *options, struct totals *totals,
           struct err *err);

#endif
