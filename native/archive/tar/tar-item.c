#include "tar-item.h"

#include <stdlib.h>

void tar_item_free(struct tar_item *item) {
    free(item->name);
    free(item->link);
    free(item->extents);
    attributes_free(&item->attributes);
    *item = (struct tar_item){0};
}
