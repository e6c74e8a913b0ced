#include "later.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HEAP_BYTES = 16 }; /* that malloc takes for itself */

static size_t bytes_of(const struct later *later);

int later_add(struct later_list *list, char *name, struct tar_item *item, struct err *err) {
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 64;
        struct later *grown = reallocarray(list->items, room, sizeof *grown);
        if (!grown) {
            free(name);
            return err_set(err, ENOMEM, "no memory for a directory");
        }
        list->items = grown;
        list->room = room;
    }
    struct later *later = &list->items[list->count++];
    *later = (struct later){name, *item};
    later->item.name = later->item.link = NULL;
    later->item.extents = NULL;
    item->attributes = (struct attributes){0};
    list->bytes += bytes_of(later);
    return 0;
}

bool later_is_above(const struct later *later, const char *name) {
    size_t length = strlen(later->name);
    if (!length) /* the destination itself */
        return true;
    return strncmp(later->name, name, length) == 0 && (name[length] == '/' || name[length] == 0);
}

void later_drop(struct later_list *list, struct later *later) {
    list->bytes -= bytes_of(later);
    attributes_free(&later->item.attributes);
    free(later->name);
    later->name = NULL;
}

void later_close_gaps(struct later_list *list) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].name)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

void later_free(struct later_list *list) {
    for (size_t i = 0; i < list->count; i++)
        later_drop(list, &list->items[i]);
    free(list->items);
    *list = (struct later_list){0};
}

static size_t bytes_of(const struct later *later) {
    size_t bytes = sizeof *later + strlen(later->name) + HEAP_BYTES;
    for (size_t i = 0; i < later->item.attributes.count; i++) {
        const struct tar_attribute *one = &later->item.attributes.items[i];
        bytes += sizeof *one + strlen(one->name) + one->size + 2 * HEAP_BYTES;
    }
    return bytes;
}
