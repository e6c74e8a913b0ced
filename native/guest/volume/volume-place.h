#ifndef BOXLITE_GUEST_VOLUME_PLACE_H
#define BOXLITE_GUEST_VOLUME_PLACE_H

#include <stdbool.h>

enum { VOLUME_SERIAL_BYTES = 16 };

/* What the box sees of a disk: beside it mke2fs's lost+found, which would be no empty volume. */
#define VOLUME_DATA "/data"

/* Where the agent mounts the disk volume with this serial, outside the box, and what is below that. Until the next
 * call. */
const char *volume_place(const char *serial, const char *below);
bool volume_serial_is_sound(const char *serial);

#endif
