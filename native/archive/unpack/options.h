/* How an archive is unpacked. */
#ifndef BOXLITE_ARCHIVE_UNPACK_OPTIONS_H
#define BOXLITE_ARCHIVE_UNPACK_OPTIONS_H

#include <stdbool.h>

struct unpack_options {
    /* What the first name of every entry is replaced with, whatever it is; "." for a directory's contents. NULL: as
     * an archive of the caller's own names it. */
    const char *as;
    const char *within; /* the directory that the destination is in, and stays in; or NULL */
    bool file;       /* a directory was not asked for */
    bool foreign;    /* an archive from elsewhere, into a directory, named as it is */
    bool keep;       /* refuse to replace what is there */
    bool owners;     /* owners as the archive says; else whoever runs this */
    bool attributes; /* extended ones, too */
    bool top;        /* of a foreign archive, the destination gets what "." has: owner, mode, attributes, time */
    bool privileges; /* set-user-id and set-group-id bits, and device nodes */
    bool sync;       /* on the disk before it is done */
    bool direct;     /* large files past the page cache */
    void (*warn)(const char *text);
};

#endif
