/* Copies a hostile tree: no link in it is followed, and nothing is read that is mounted in it. */
#ifndef BOXLITE_ARCHIVE_COPY_TREE_H
#define BOXLITE_ARCHIVE_COPY_TREE_H

#include <stdbool.h>

#include "../../common/err.h"

/* The deepest tree of directories: each takes some of the stack and two descriptors. */
enum { COPY_MOST_DEPTH = 2048 };

/* Copies all below the directory `from` into the directory `to`, which is empty: owners, modes, times, attributes,
 * links, devices and FIFOs; sockets mean nothing without their process. Both are open for reading. The umask has to
 * be 0, and the working directory changes.
 * shared: `to` is a directory of the host, which may refuse owners, attributes and devices: it then has none. */
int copy_tree(int from, int to, bool shared, struct err *err);

/* Gives the directory `to` the owner, mode, attributes and time of the directory `from`. */
int copy_attributes(int from, int to, bool shared, struct err *err);

#endif
