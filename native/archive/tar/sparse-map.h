#ifndef BOXLITE_ARCHIVE_SPARSE_MAP_H
#define BOXLITE_ARCHIVE_SPARSE_MAP_H

#include "../../common/err.h"
#include "pax-records.h"
#include "tar-item.h"
#include "tar-stream.h"

/* Where the file whose content comes next has data, if it is a sparse one. The map is in GNU's old header, in
 * records (0.0 and 0.1) or before the data itself (1.0). Sets the item's size and extents; of any other file it
 * changes nothing. */
int sparse_map_read(struct tar_stream *stream, const uint8_t *header, struct tar_item *item, struct pax *pax,
                    struct err *err);

#endif
