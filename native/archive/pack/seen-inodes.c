#include "seen-inodes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

static struct seen_inode *slot_of(const struct seen_inodes *seen, dev_t device, ino_t inode);
static int grow(struct seen_inodes *seen);

const char *seen_inodes_find(const struct seen_inodes *seen, const struct stat *st) {
    return seen->size ? slot_of(seen, st->st_dev, st->st_ino)->name : NULL;
}

int seen_inodes_add(struct seen_inodes *seen, const struct stat *st, const char *name) {
    if ((seen->count + 1) * 2 > seen->size && grow(seen))
        return -1;
    char *copy = strdup(name);
    if (!copy)
        return -1;
    *slot_of(seen, st->st_dev, st->st_ino) = (struct seen_inode){st->st_dev, st->st_ino, copy};
    seen->count++;
    return 0;
}

void seen_inodes_free(struct seen_inodes *seen) {
    for (size_t i = 0; i < seen->size; i++)
        free(seen->slots[i].name);
    free(seen->slots);
    *seen = (struct seen_inodes){0};
}

/* Its slot, or the free one where it belongs: half of them are always free. */
static struct seen_inode *slot_of(const struct seen_inodes *seen, dev_t device, ino_t inode) {
    uint64_t hash = ((uint64_t)inode ^ (uint64_t)device << 32) * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = (size_t)(hash >> 20);; i++) {
        struct seen_inode *slot = &seen->slots[i & (seen->size - 1)];
        if (!slot->name || (slot->inode == inode && slot->device == device))
            return slot;
    }
}

static int grow(struct seen_inodes *seen) {
    struct seen_inodes larger = {.size = seen->size ? seen->size * 2 : FIRST_SIZE, .count = seen->count};
    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (!larger.slots)
        return -1;
    for (size_t i = 0; i < seen->size; i++)
        if (seen->slots[i].name)
            *slot_of(&larger, seen->slots[i].device, seen->slots[i].inode) = seen->slots[i];
    free(seen->slots);
    *seen = larger;
    return 0;
}
