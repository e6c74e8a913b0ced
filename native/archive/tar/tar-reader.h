/* A tar that somebody sends, entry by entry. Hostile: every length is bounded, every number checked, and what
 * breaks the format ends the reading with the entry's name and the rule. Formats: V7, ustar, pax
 * (POSIX.1-2017), GNU (long names, base-256 numbers, sparse files old and 0.0 to 1.0). */
#ifndef BOXLITE_ARCHIVE_TAR_READER_H
#define BOXLITE_ARCHIVE_TAR_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "../../common/err.h"
#include "attributes.h"
#include "tar-entry.h"

enum tar_kind { TAR_FILE, TAR_HARD_LINK, TAR_SYMLINK, TAR_CHARACTER, TAR_BLOCK_DEVICE, TAR_DIRECTORY, TAR_FIFO };

struct tar_item {
    enum tar_kind kind;
    char *name, *link;
    uint32_t mode, uid, gid, major, minor;
    uint64_t size; /* of a file, its holes included */
    struct timespec mtime;
    struct attributes attributes;
    struct tar_extent *extents; /* of a sparse file, else NULL */
    size_t extent_count;
};

struct tar_reader {
    int fd;
    uint8_t *buffer;
    size_t start, end;
    uint64_t left, pad; /* of the current entry's bytes, and of the zeroes after them */
    bool strict;        /* an end without its mark is no end */
    bool attributes;    /* are wanted; else they are not even kept */
    bool ended;
};

/* -1 (ENOMEM). `strict`: the archive must say where it ends. */
int tar_reader_begin(struct tar_reader *reader, int fd, bool strict, bool attributes, struct err *err);
void tar_reader_end(struct tar_reader *reader);

/* 1 and the next entry, to be released with tar_item_free; 0 at the end; -1. What is left of the current
 * entry's content is passed over. */
int tar_next(struct tar_reader *reader, struct tar_item *item, struct err *err);
void tar_item_free(struct tar_item *item);

/* Up to `most` of the entry's stored bytes, which stay valid until the next call: how many, 0 when that was
 * all, -1. */
ssize_t tar_content(struct tar_reader *reader, uint64_t most, const uint8_t **bytes, struct err *err);
/* The next `size` of them, as many as which there are, go to `to`. */
int tar_content_into(struct tar_reader *reader, uint8_t *to, size_t size, struct err *err);

#endif
