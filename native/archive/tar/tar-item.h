/* One entry of a tar that is read. */
#ifndef BOXLITE_ARCHIVE_TAR_ITEM_H
#define BOXLITE_ARCHIVE_TAR_ITEM_H

#include <stdint.h>
#include <time.h>

#include "attributes.h"
#include "tar-entry.h"

enum tar_kind { TAR_FILE, TAR_HARD_LINK, TAR_SYMLINK, TAR_CHARACTER, TAR_BLOCK_DEVICE, TAR_DIRECTORY, TAR_FIFO };

struct tar_item {
    enum tar_kind kind;
    char *name, *link;
    uint32_t mode, uid, gid, major, minor;
    uint64_t size; /* of a file, its holes included */
    struct timespec mtime;
    struct attributes attributes;
    struct tar_extent *extents; /* of a sparse file, else NULL */
    size_t extent_count;
};

void tar_item_free(struct tar_item *item);

#endif
