/* The directories whose owner, mode and time are set once all their content is in them. The list is bounded: an
 * archive can name directories without end. */
#ifndef BOXLITE_ARCHIVE_LATER_H
#define BOXLITE_ARCHIVE_LATER_H

#include <stdbool.h>
#include <stddef.h>

#include "../../common/err.h"
#include "../tar/tar-item.h"

enum { MAX_LATER_BYTES = 64 << 20 };

struct later {
    char *name;
    struct tar_item item; /* of which name and link are NULL */
};

struct later_list {
    struct later *items;
    size_t count, room;
    size_t bytes; /* of memory, about */
};

/* Takes the name, which it frees, and the item's attributes. */
int later_add(struct later_list *list, char *name, struct tar_item *item, struct err *err);
/* Whether what comes at `name` may go into it. */
bool later_is_above(const struct later *later, const char *name);
/* Takes one out, and leaves a gap; later_close_gaps makes the list one again, in its order. */
void later_drop(struct later_list *list, struct later *later);
void later_close_gaps(struct later_list *list);
void later_free(struct later_list *list);

#endif
