#include "sparse-map.h"

#include <errno.h>
#include <stdlib.h>

#include "../outcome/outcome.h"
#include "tar-header.h"
#include "tar-number.h"

static int read_gnu_map(struct tar_stream *stream, const uint8_t *header, struct tar_item *item,
                        struct extent_list *list, struct err *err);
static int read_data_map(struct tar_stream *stream, struct extent_list *list, struct err *err);
static int map_number(struct tar_stream *stream, const uint8_t **block, size_t *at, uint64_t *out, struct err *err);

int sparse_map_read(struct tar_stream *stream, const uint8_t *header, struct tar_item *item, struct pax *pax,
                    struct err *err) {
    struct extent_list list = pax->extents;
    pax->extents = (struct extent_list){0};
    int failed = 0;
    bool sparse = true;
    if (header[TAR_TYPE_AT] == 'S') {
        failed = read_gnu_map(stream, header, item, &list, err);
    } else if (pax->sparse && pax->has_real_size) {
        item->size = pax->real_size;
        if (pax->sparse_map_in_data)
            failed = read_data_map(stream, &list, err);
    } else {
        sparse = false;
    }
    if (!failed && sparse && !extent_list_fits(&list, item->size, stream->left))
        failed = outcome_malformed(err, item->name, "its sparse map does not fit");
    if (failed || !sparse) {
        free(list.items);
        return failed;
    }
    /* A file that is all hole has no pieces, but is sparse all the same. */
    item->extents = list.items ? list.items : calloc(1, sizeof *item->extents);
    item->extent_count = list.count;
    return item->extents ? 0 : err_set(err, ENOMEM, "no memory for the holes of a file");
}

/* Four pieces in the header, 21 in each block that may follow. */
static int read_gnu_map(struct tar_stream *stream, const uint8_t *header, struct tar_item *item,
                        struct extent_list *list, struct err *err) {
    int64_t size, offset, length;
    if (!tar_number(header + TAR_GNU_REAL_SIZE_AT, 12, &size) || size < 0)
        return outcome_malformed(err, item->name, "its size is malformed");
    item->size = (uint64_t)size;
    const uint8_t *at = header + TAR_GNU_SPARSE_AT;
    bool more = header[TAR_GNU_EXTENDED_AT];
    for (unsigned pieces = 4;;) {
        for (unsigned i = 0; i < pieces; i++, at += 24) {
            if (at[0] == 0 && at[12] == 0)
                continue;
            if (!tar_number(at, 12, &offset) || !tar_number(at + 12, 12, &length) || offset < 0 || length < 0 ||
                extent_list_add(list, (uint64_t)offset, (uint64_t)length))
                return outcome_malformed(err, item->name, "its sparse map is malformed");
        }
        if (!more)
            break;
        at = tar_stream_block(stream, err);
        if (!at)
            return -1;
        more = at[504];
        pieces = 21;
    }
    return 0;
}

/* "COUNT\n", then "OFFSET\nSIZE\n" for each, to the end of a block, before the data. */
static int read_data_map(struct tar_stream *stream, struct extent_list *list, struct err *err) {
    const uint8_t *block = NULL;
    size_t at = TAR_BLOCK;
    uint64_t count, offset, size;
    if (map_number(stream, &block, &at, &count, err))
        return -1;
    for (uint64_t i = 0; i < count; i++)
        if (map_number(stream, &block, &at, &offset, err) || map_number(stream, &block, &at, &size, err))
            return -1;
        else if (extent_list_add(list, offset, size))
            return outcome_malformed(err, "the archive", "a sparse map is malformed");
    return 0;
}

static int map_number(struct tar_stream *stream, const uint8_t **block, size_t *at, uint64_t *out, struct err *err) {
    char digits[20];
    for (size_t used = 0; used < sizeof digits;) {
        if (*at == TAR_BLOCK) {
            if (stream->left < TAR_BLOCK)
                break;
            *block = tar_stream_block(stream, err);
            if (!*block)
                return -1;
            stream->left -= TAR_BLOCK;
            *at = 0;
        }
        char digit = (char)(*block)[(*at)++];
        if (digit == '\n') {
            if (!pax_number(digits, used, out))
                break;
            return 0;
        }
        digits[used++] = digit;
    }
    return outcome_malformed(err, "the archive", "a sparse map is malformed");
}
