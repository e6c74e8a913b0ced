#include "holes.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* A file in more pieces than this is sent from there on with its zeroes. */
enum { MAX_EXTENTS = 65536, FIRST_EXTENTS = 16, SECTOR = 512 };

int holes_find(int file, const struct stat *st, struct tar_extent **extents, size_t *count) {
    *extents = NULL;
    *count = 0;
    /* Only a file with fewer blocks than its size needs has holes; asking costs a call for each piece. */
    if (st->st_size == 0 || (off_t)st->st_blocks >= (st->st_size + SECTOR - 1) / SECTOR)
        return 0;
    size_t room = FIRST_EXTENTS;
    struct tar_extent *found = calloc(room, sizeof *found);
    off_t at = 0;
    while (found && at < st->st_size) {
        off_t data = lseek(file, at, SEEK_DATA);
        off_t hole = data < 0 ? st->st_size : lseek(file, data, SEEK_HOLE);
        if (data < 0 && errno == ENXIO)
            data = st->st_size;
        if (data < 0 || hole < 0 || (data == 0 && hole >= st->st_size)) {
            free(found); /* a file system that does not report holes */
            *count = 0;
            return 0;
        }
        if (*count == room) {
            struct tar_extent *grown = reallocarray(found, room *= 2, sizeof *found);
            if (!grown)
                free(found);
            found = grown;
        }
        if (hole > st->st_size || *count == MAX_EXTENTS - 1)
            hole = st->st_size;
        /* An empty piece at the end stands for a hole there: GNU tar would otherwise make the file too short. */
        if (found)
            found[(*count)++] = (struct tar_extent){(uint64_t)data, (uint64_t)(hole - data)};
        at = hole;
    }
    if (!found) {
        errno = ENOMEM;
        return -1;
    }
    *extents = found;
    return 0;
}
