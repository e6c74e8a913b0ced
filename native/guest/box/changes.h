/* What a box has changed of its image, read from the overlay's upper layer (the kernel's
 * Documentation/filesystems/overlayfs.rst). The layer is hostile: no link in it is ever followed. */
#ifndef BOXLITE_GUEST_CHANGES_H
#define BOXLITE_GUEST_CHANGES_H

#include <stdio.h>

#include "../../common/err.h"

/* Each change as `A`, `C` or `D` (added, changed, deleted), its absolute path and a NUL; directories on the way
 * to a change are changed, too. In byte order, but for what stood in a directory that was replaced. */
int changes_list(FILE *out, struct err *err);

/* The changes as a tar by the rules for layers of images (OCI image-spec, layer.md): what is gone as .wh.NAME,
 * what hides all that was in a directory as .wh..wh..opq. */
int changes_layer(FILE *out, struct err *err);

#endif
