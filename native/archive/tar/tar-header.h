/* The fields of a header block: those of V7 and ustar, and GNU's for sparse files. */
#ifndef BOXLITE_ARCHIVE_TAR_HEADER_H
#define BOXLITE_ARCHIVE_TAR_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "tar-item.h"

/* Where each begins. */
enum {
    TAR_NAME_AT = 0,
    TAR_MODE_AT = 100,
    TAR_UID_AT = 108,
    TAR_GID_AT = 116,
    TAR_SIZE_AT = 124,
    TAR_MTIME_AT = 136,
    TAR_CHECKSUM_AT = 148,
    TAR_TYPE_AT = 156,
    TAR_LINK_AT = 157,
    TAR_MAGIC_AT = 257,
    TAR_MAJOR_AT = 329,
    TAR_MINOR_AT = 337,
    TAR_PREFIX_AT = 345,
    TAR_GNU_SPARSE_AT = 386,
    TAR_GNU_EXTENDED_AT = 482,
    TAR_GNU_REAL_SIZE_AT = 483,
};

/* Whether its checksum is right. */
bool tar_header_is_sound(const uint8_t *header);
/* The entry's name, and what it is a link to, to be freed; NULL when there is no memory. */
char *tar_header_name(const uint8_t *header);
char *tar_header_link(const uint8_t *header);
/* The kind of an entry of this type and name, or -1. */
int tar_header_kind(uint8_t type, const char *name);

#endif
