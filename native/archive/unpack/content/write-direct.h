/* Writes content past the page cache. In an emulated machine each page that goes through the cache costs more than
 * all the rest of its way, and the host keeps the disk's content in memory anyway. */
#ifndef BOXLITE_ARCHIVE_WRITE_DIRECT_H
#define BOXLITE_ARCHIVE_WRITE_DIRECT_H

#include "../../../common/err.h"
#include "../../tar/tar-item.h"
#include "../../tar/tar-stream.h"

/* Writes what it can of the entry's next `size` bytes to `offset` of a file and says in `written` how much that is:
 * nothing of a small file, nor of one whose file system knows no such writing, nor a last piece of a page. */
int write_direct(int file, struct tar_stream *stream, const struct tar_item *item, uint64_t offset, uint64_t size,
                 uint64_t *written, struct err *err);

#endif
