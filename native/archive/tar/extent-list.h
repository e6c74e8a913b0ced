/* The pieces of a sparse file as a foreign archive describes them. */
#ifndef BOXLITE_ARCHIVE_EXTENT_LIST_H
#define BOXLITE_ARCHIVE_EXTENT_LIST_H

#include "tar-entry.h"

enum { MAX_EXTENTS_READ = 1 << 20 };

struct extent_list {
    struct tar_extent *items;
    size_t count, room;
};

/* -1 for too many, for one that does not come after the last, and for want of memory. */
int extent_list_add(struct extent_list *list, uint64_t offset, uint64_t size);
/* Whether they lie in a file of `size` bytes and are `stored` bytes together. */
bool extent_list_fits(const struct extent_list *list, uint64_t size, uint64_t stored);

#endif
