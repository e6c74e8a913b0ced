#ifndef BOXLITE_ARCHIVE_METADATA_H
#define BOXLITE_ARCHIVE_METADATA_H

#include <sys/types.h>

#include "unpacking.h"

/* Gives what is at the spot the entry's owner, mode, attributes and time, as far as the options ask for them. `file` is
 * its descriptor, or -1 of what can't be opened. */
int set_metadata(struct unpacking *to, const struct spot *spot, const struct tar_item *item, int file, struct err *err);
/* The mode that the options leave of the entry's. */
mode_t metadata_mode(const struct unpacking *to, const struct tar_item *item);

#endif
