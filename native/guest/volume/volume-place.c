#include "volume-place.h"

#include <stdio.h>
#include <string.h>

#include "../system/root.h"

const char *volume_place(const char *serial, const char *below) {
    static char place[sizeof ROOT_VOLUMES "/" VOLUME_DATA + VOLUME_SERIAL_BYTES];
    snprintf(place, sizeof place, ROOT_VOLUMES "/%.15s%s", serial, below);
    return place;
}

bool volume_serial_is_sound(const char *serial) {
    return *serial && *serial != '.' && strlen(serial) < VOLUME_SERIAL_BYTES && !strchr(serial, '/');
}
