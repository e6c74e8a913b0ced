/* Files with more than one name, by their inode, and the first of their names. */
#ifndef BOXLITE_ARCHIVE_SEEN_INODES_H
#define BOXLITE_ARCHIVE_SEEN_INODES_H

#include <stddef.h>
#include <sys/stat.h>

struct seen_inode {
    dev_t device;
    ino_t inode;
    char *name;
};

/* All zeroes is an empty one. */
struct seen_inodes {
    struct seen_inode *slots; /* open addressing; a slot without a name is free */
    size_t size, count;
};

/* The name it was added by, or NULL. */
const char *seen_inodes_find(const struct seen_inodes *seen, const struct stat *st);
/* -1 when there is no memory. */
int seen_inodes_add(struct seen_inodes *seen, const struct stat *st, const char *name);
void seen_inodes_free(struct seen_inodes *seen);

#endif
