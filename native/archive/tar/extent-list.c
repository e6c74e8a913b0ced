#include "extent-list.h"

#include <stdlib.h>

int extent_list_add(struct extent_list *list, uint64_t offset, uint64_t size) {
    if (list->count == MAX_EXTENTS_READ || offset > INT64_MAX || size > INT64_MAX - offset)
        return -1;
    if (list->count) {
        const struct tar_extent *last = &list->items[list->count - 1];
        if (offset < last->offset + last->size)
            return -1;
    }
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 8;
        struct tar_extent *grown = reallocarray(list->items, room, sizeof *grown);
        if (!grown)
            return -1;
        list->items = grown;
        list->room = room;
    }
    list->items[list->count++] = (struct tar_extent){offset, size};
    return 0;
}

bool extent_list_fits(const struct extent_list *list, uint64_t size, uint64_t stored) {
    uint64_t sum = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].offset + list->items[i].size > size)
            return false;
        sum += list->items[i].size;
    }
    return sum == stored;
}
