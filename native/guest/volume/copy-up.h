/* An empty volume gets what the image has where it is mounted, as in Docker. */
#ifndef BOXLITE_GUEST_COPY_UP_H
#define BOXLITE_GUEST_COPY_UP_H

#include <stdbool.h>

#include "../../common/err.h"

/* A copy in the making, and a whole one whose entries are still to be moved into the volume. A machine that ends
 * half-way leaves one of these in the volume, and the next copy-up goes on from there. The engine knows the names
 * (src/engine/machine/volumes/copy-up.ts). */
#define COPY_UNFINISHED ".boxlite-copy"
#define COPY_FINISHED ".boxlite-copied"

/* Copies the directory `image`, and its own attributes, into the directory `volume` if that is empty; writes it back.
 * What can't be removed of an earlier copy counts as something in it. Both are open for reading. Entries that another box makes meanwhile stay. The working directory changes.
 * shared: see copy_tree. */
int copy_up(int image, int volume, bool shared, struct err *err);

#endif
