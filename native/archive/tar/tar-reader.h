/* Reads a tar entry by entry. It is hostile: every length is bounded, every number checked, and what breaks the
 * format ends the reading with the entry's name and the rule. Formats: V7, ustar, pax (POSIX.1-2017), GNU (long
 * names, base-256 numbers, sparse files old and 0.0 to 1.0). */
#ifndef BOXLITE_ARCHIVE_TAR_READER_H
#define BOXLITE_ARCHIVE_TAR_READER_H

#include <stdbool.h>

#include "../../common/err.h"
#include "tar-item.h"
#include "tar-stream.h"

struct tar_reader {
    struct tar_stream stream; /* at the current entry's content */
    bool strict;        /* an archive without its end mark is cut short */
    bool attributes;    /* whether to keep them */
    bool ended;
};

/* -1 (ENOMEM). `strict`: the archive must say where it ends. */
int tar_reader_begin(struct tar_reader *reader, int fd, bool strict, bool attributes, struct err *err);
void tar_reader_end(struct tar_reader *reader);

/* 1 and the next entry, to be released with tar_item_free; 0 at the end; -1. Skips what is left of the current
 * entry's content. */
int tar_next(struct tar_reader *reader, struct tar_item *item, struct err *err);

#endif
