/* One archive that is being unpacked, and where its entries go. */
#ifndef BOXLITE_ARCHIVE_UNPACKING_H
#define BOXLITE_ARCHIVE_UNPACKING_H

#include "../../common/err.h"
#include "../outcome/totals.h"
#include "../tar/tar-reader.h"
#include "later.h"
#include "options.h"
#include "parents.h"
#include "place.h"

struct unpacking {
    struct tar_reader reader;
    struct place place;
    struct parents parents;
    const struct unpack_options *options;
    struct totals *totals;
    struct later_list later;
    unsigned warnings, refused_attributes;
};

/* Where one entry goes. */
struct spot {
    int directory;
    const char *base;
    const char *shown; /* the entry's whole name, for messages */
};

/* Warns the caller, up to some number of times. */
void unpacking_warn(struct unpacking *to, const char *name, const char *text);
/* From errno: "can't", what was being done, and the entry; -1. */
int spot_failed(const struct spot *spot, const char *doing, struct err *err);

#endif
