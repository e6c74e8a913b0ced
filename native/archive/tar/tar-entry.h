/* One entry of a tar, in the pax interchange format (POSIX.1-2017, pax): a ustar header, and before it an
 * extended one for whatever does not fit. Attributes as SCHILY.xattr.NAME, as GNU tar and libarchive do. */
#ifndef BOXLITE_ARCHIVE_TAR_ENTRY_H
#define BOXLITE_ARCHIVE_TAR_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../../common/err.h"
#include "attributes.h"

enum { TAR_BLOCK = 512 };

/* A piece of a sparse file that holds data; between the pieces it reads as zeroes. */
struct tar_extent {
    uint64_t offset, size;
};

struct tar_entry {
    const char *name; /* relative; a directory's without the slash that it gets */
    const char *link; /* target of a symlink, or the earlier name of a hard link; else "" */
    bool hard_link;
    const struct stat *stat;
    const struct tar_attribute *attributes;
    size_t attribute_count;
    const struct tar_extent *extents; /* of a sparse file, in order; NULL for any other */
    size_t extent_count;
};

/* Writes the headers; the caller then writes a regular file's st_size bytes and calls tar_pad. Of a sparse file
 * (GNU's format 1.0) it writes the map, too; then come the extents' bytes, tar_stored_size in all. */
int tar_write_entry(FILE *out, const struct tar_entry *entry, struct err *err);
uint64_t tar_stored_size(const struct tar_entry *entry);
int tar_pad(FILE *out, uint64_t size, struct err *err);
int tar_end(FILE *out, struct err *err);

#endif
