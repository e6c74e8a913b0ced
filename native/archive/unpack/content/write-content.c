#include "write-content.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../outcome/outcome.h"
#include "../../outcome/shown.h"
#include "write-all.h"
#include "write-direct.h"

static int write_piece(int file, struct tar_stream *stream, const struct tar_item *item, uint64_t offset, uint64_t size,
                       bool direct, struct err *err);
static int failed_in(const struct tar_item *item, struct err *err);

int write_content(int file, struct tar_stream *stream, const struct tar_item *item, bool direct, struct err *err) {
    if (!item->extents)
        return item->size ? write_piece(file, stream, item, 0, item->size, direct, err) : 0;
    for (size_t i = 0; i < item->extent_count; i++)
        if (write_piece(file, stream, item, item->extents[i].offset, item->extents[i].size, direct, err))
            return -1;
    return ftruncate(file, (off_t)item->size) ? err_errno(err, "can't write %s", shown(item->name)) : 0;
}

static int write_piece(int file, struct tar_stream *stream, const struct tar_item *item, uint64_t offset, uint64_t size,
                       bool direct, struct err *err) {
    uint64_t written = 0;
    if (direct && write_direct(file, stream, item, offset, size, &written, err))
        return failed_in(item, err);
    offset += written;
    size -= written;
    while (size) {
        const uint8_t *bytes;
        ssize_t n = tar_stream_some(stream, size, &bytes, err);
        if (n <= 0)
            return failed_in(item, err);
        if (write_all(file, bytes, (size_t)n, offset))
            return err_errno(err, "can't write %s", shown(item->name));
        offset += (uint64_t)n;
        size -= (uint64_t)n;
    }
    return 0;
}

static int failed_in(const struct tar_item *item, struct err *err) {
    if (err->code != OUTCOME(BL_COPY_TRUNCATED))
        return -1;
    return err_set(err, OUTCOME(BL_COPY_TRUNCATED), "the archive ends in the middle of %s", shown(item->name));
}
