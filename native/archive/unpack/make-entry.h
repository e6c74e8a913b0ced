#ifndef BOXLITE_ARCHIVE_MAKE_ENTRY_H
#define BOXLITE_ARCHIVE_MAKE_ENTRY_H

#include "unpacking.h"

/* Makes anything but a directory at its spot, in place of what is there and never through it. */
int make_entry(struct unpacking *to, const struct spot *spot, struct tar_item *item, struct err *err);

#endif
