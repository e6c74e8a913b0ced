#ifndef BOXLITE_ARCHIVE_WRITE_CONTENT_H
#define BOXLITE_ARCHIVE_WRITE_CONTENT_H

#include "../../../common/err.h"
#include "../../tar/tar-item.h"
#include "../../tar/tar-stream.h"

/* Writes the content of the entry at hand to a new file; its holes stay holes.
 * `direct`: past the page cache where it can be (write-direct.h). */
int write_content(int file, struct tar_stream *stream, const struct tar_item *item, bool direct, struct err *err);

#endif
