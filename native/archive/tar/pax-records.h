/* The records of a pax extended header. */
#ifndef BOXLITE_ARCHIVE_PAX_RECORDS_H
#define BOXLITE_ARCHIVE_PAX_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "../../common/err.h"
#include "attributes.h"
#include "extent-list.h"

/* What they override; all zeroes is nothing. Strings are the reader's to free with pax_free. */
struct pax {
    bool wants_attributes; /* set by the reader: attributes of a 1 MiB header would take five times as much memory */
    char *path, *link, *sparse_name;
    bool has_size, has_uid, has_gid, has_mtime, has_real_size;
    uint64_t size, uid, gid, real_size;
    struct timespec mtime;
    uint64_t sparse_major, sparse_minor;
    bool sparse_map_in_data; /* 1.0 */
    bool sparse;
    struct extent_list extents; /* of 0.0 and 0.1 */
    uint64_t pending_offset;
    struct attributes attributes;
};

int pax_parse(const char *bytes, size_t size, struct pax *pax, struct err *err);
void pax_free(struct pax *pax);

/* Digits alone, no sign, no more than 2^63 - 1: what a size or an offset may be. */
bool pax_number(const char *text, size_t size, uint64_t *out);

#endif
