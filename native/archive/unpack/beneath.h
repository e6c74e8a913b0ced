/* Opens what an archive names below a directory. The attack: an archive makes a link and then names a file through
 * it, or uses "..", or somebody swaps a directory for a link meanwhile. The kernel refuses all three at once
 * (openat2, RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS); without that call, each component is opened without following
 * links. */
#ifndef BOXLITE_ARCHIVE_BENEATH_H
#define BOXLITE_ARCHIVE_BENEATH_H

/* The directory of this relative name, which has no "." or ".." and may be longer than PATH_MAX; "" is `root`
 * itself, opened once more. -1 with errno: ELOOP or ENOTDIR for what is a link. */
int open_beneath(int root, const char *name);

#endif
