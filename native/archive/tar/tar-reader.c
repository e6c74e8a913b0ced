#include "tar-reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../outcome/outcome.h"
#include "pax-records.h"
#include "sparse-map.h"
#include "tar-header.h"
#include "tar-number.h"

enum {
    MAX_EXTENSION = 1 << 20, /* one long name or one set of records; every common tool stays far below */
    MAX_EXTENSIONS = 16,     /* in a row, before the entry that they describe */
};

/* What the extension headers before an entry say about it. */
struct extensions {
    struct pax pax;
    char *name, *link; /* GNU's */
    unsigned count;
};

static int read_entry(struct tar_reader *reader, struct tar_item *item, struct extensions *extensions, struct err *err);
static int next_header(struct tar_reader *reader, uint8_t *header, struct err *err);
static int read_extension(struct tar_reader *reader, const uint8_t *header, struct extensions *extensions,
                          struct err *err);
static int fill_item(struct tar_reader *reader, const uint8_t *header, struct tar_item *item,
                     struct extensions *extensions, struct err *err);

int tar_reader_begin(struct tar_reader *reader, int fd, bool strict, bool attributes, struct err *err) {
    *reader = (struct tar_reader){.strict = strict, .attributes = attributes};
    return tar_stream_begin(&reader->stream, fd, err);
}

void tar_reader_end(struct tar_reader *reader) { tar_stream_end(&reader->stream); }

int tar_next(struct tar_reader *reader, struct tar_item *item, struct err *err) {
    struct extensions extensions = {.pax.wants_attributes = reader->attributes};
    *item = (struct tar_item){0};
    int found = read_entry(reader, item, &extensions, err);
    pax_free(&extensions.pax);
    free(extensions.name);
    free(extensions.link);
    if (found != 1)
        tar_item_free(item);
    return found;
}

static int read_entry(struct tar_reader *reader, struct tar_item *item, struct extensions *extensions,
                      struct err *err) {
    uint8_t header[TAR_BLOCK];
    for (;;) {
        if (reader->ended)
            return 0;
        if (tar_stream_skip(&reader->stream, err))
            return -1;
        int found = next_header(reader, header, err);
        if (found == 0 && extensions->count)
            return outcome_malformed(err, "the archive", "its last header describes no entry");
        if (found != 1)
            return found;
        if (!memchr("xgLK", header[TAR_TYPE_AT], 4))
            return fill_item(reader, header, item, extensions, err) ? -1 : 1;
        if (read_extension(reader, header, extensions, err))
            return -1;
    }
}

/* 1 and a header, 0 at the archive's end, -1. */
static int next_header(struct tar_reader *reader, uint8_t *header, struct err *err) {
    static const uint8_t zeroes[TAR_BLOCK];
    for (int blank = 0; blank < 2; blank++) {
        const uint8_t *block = tar_stream_block(&reader->stream, err);
        if (!block) { /* two zero blocks are the end; old writers leave them out */
            reader->ended = !reader->strict && tar_stream_is_at_end(&reader->stream, err);
            return reader->ended ? 0 : -1;
        }
        memcpy(header, block, TAR_BLOCK);
        if (memcmp(header, zeroes, TAR_BLOCK) == 0)
            continue;
        if (blank)
            return outcome_malformed(err, "the archive", "there is a single zero block between entries");
        return tar_header_is_sound(header) ? 1 : outcome_malformed(err, "the archive", "a header's checksum is wrong");
    }
    reader->ended = true;
    return 0;
}

static int read_extension(struct tar_reader *reader, const uint8_t *header, struct extensions *extensions,
                          struct err *err) {
    int64_t size;
    if (!tar_number(header + TAR_SIZE_AT, 12, &size) || size < 0 || size > MAX_EXTENSION)
        return outcome_malformed(err, "the archive", "an extended header is too long");
    if (++extensions->count > MAX_EXTENSIONS)
        return outcome_malformed(err, "the archive", "too many extended headers in a row");
    char *bytes = malloc((size_t)size + 1);
    if (!bytes)
        return err_set(err, ENOMEM, "no memory for an extended header");
    tar_stream_expect(&reader->stream, (uint64_t)size);
    int failed = tar_stream_read(&reader->stream, (uint8_t *)bytes, (size_t)size, err);
    bytes[size] = 0;
    char type = (char)header[TAR_TYPE_AT];
    if (!failed && type == 'x') {
        failed = pax_parse(bytes, (size_t)size, &extensions->pax, err);
    } else if (!failed && (type == 'L' || type == 'K')) {
        char **to = type == 'L' ? &extensions->name : &extensions->link;
        free(*to);
        *to = bytes;
        return 0;
    } else if (type == 'g') {
        extensions->count--; /* of no entry in particular, so it may also be the last thing */
    }
    free(bytes);
    return failed;
}

static int fill_item(struct tar_reader *reader, const uint8_t *header, struct tar_item *item,
                     struct extensions *extensions, struct err *err) {
    struct pax *pax = &extensions->pax;
    char **name = pax->sparse_name ? &pax->sparse_name : pax->path ? &pax->path : &extensions->name;
    char **link = pax->link ? &pax->link : &extensions->link;
    item->name = *name ? *name : tar_header_name(header);
    item->link = *link ? *link : tar_header_link(header);
    *name = *link = NULL;
    if (!item->name || !item->link)
        return err_set(err, ENOMEM, "no memory for a name");
    int kind = tar_header_kind(header[TAR_TYPE_AT], item->name);
    if (kind < 0)
        return outcome_malformed(err, item->name, "its type is unknown");
    item->kind = (enum tar_kind)kind;

    int64_t mode, uid, gid, size, mtime, major_number, minor_number;
    if (!tar_number(header + TAR_MODE_AT, 8, &mode) || !tar_number(header + TAR_UID_AT, 8, &uid) ||
        !tar_number(header + TAR_GID_AT, 8, &gid) || !tar_number(header + TAR_SIZE_AT, 12, &size) || size < 0 ||
        !tar_number(header + TAR_MTIME_AT, 12, &mtime))
        return outcome_malformed(err, item->name, "a number of its header is malformed");
    bool device = kind == TAR_CHARACTER || kind == TAR_BLOCK_DEVICE;
    if (!device)
        major_number = minor_number = 0;
    else if (!tar_number(header + TAR_MAJOR_AT, 8, &major_number) ||
             !tar_number(header + TAR_MINOR_AT, 8, &minor_number))
        return outcome_malformed(err, item->name, "its device number is malformed");
    item->major = (uint32_t)major_number;
    item->minor = (uint32_t)minor_number;
    item->mode = (uint32_t)mode & 07777;
    item->uid = (uint32_t)(pax->has_uid ? pax->uid : (uint64_t)uid);
    item->gid = (uint32_t)(pax->has_gid ? pax->gid : (uint64_t)gid);
    item->mtime = pax->has_mtime ? pax->mtime : (struct timespec){.tv_sec = mtime};
    item->attributes = pax->attributes;
    pax->attributes = (struct attributes){0};

    /* Only a file has content, whatever the others say. */
    item->size = kind != TAR_FILE ? 0 : pax->has_size ? pax->size : (uint64_t)size;
    tar_stream_expect(&reader->stream, item->size);
    return kind == TAR_FILE ? sparse_map_read(&reader->stream, header, item, pax, err) : 0;
}
