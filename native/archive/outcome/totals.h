#ifndef BOXLITE_ARCHIVE_TOTALS_H
#define BOXLITE_ARCHIVE_TOTALS_H

#include <stdint.h>

/* What one end of a copy has done. */
struct totals {
    uint64_t bytes; /* of files' content */
    uint64_t entries;
};

#endif
