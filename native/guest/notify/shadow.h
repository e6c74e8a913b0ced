/* The shadow of what the box watches: a tree of empty files and directories of the same names, in which the agent
 * repeats what happens on the host. The box's inotify descriptors watch it in place of the 9p mount, which has no
 * events of the host's, and forgets a watched inode as soon as nobody has it open. */
#ifndef BOXLITE_GUEST_NOTIFY_SHADOW_H
#define BOXLITE_GUEST_NOTIFY_SHADOW_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../common/err.h"

enum { MOST_WATCHED = 8192, SELF_BYTES = 12 }; /* the shim refuses more, too */

/* A directory that the host's side watches for us, or a volume that is a file. */
struct watched {
    uint32_t id;           /* 0: the place is free */
    uint32_t uses;         /* of the place: part of the next id, since what is on its way still bears the last one */
    int fd;                /* O_PATH: its shadow; of a file, the directory in which that is */
    char self[SELF_BYTES]; /* of a file, its name there */
    ino_t inode;           /* of the shadow */
    ino_t real;            /* of the directory, as the volume had it when it was first watched */
    bool listed;           /* the shadow has all its names */
    bool moved;            /* the shadow has been renamed, and the host's own word of it is still to come */
};

/* Half of a rename: the other half follows at once or lies outside of what is watched. */
struct departed {
    uint32_t id; /* 0: none */
    uint32_t cookie;
    char name[NAME_MAX + 1];
};

struct shadow {
    int root; /* a directory of the agent's own */
    struct watched *watched;
    uint32_t count; /* places in use, and free ones among them */
    struct departed departed;
};

/* A tmpfs that is mounted nowhere, with room for so many names as the machine's memory bears. Its root, or -1. */
int shadow_tree(struct err *err);

/* The directory of that path below the root, made where it is missing (O_PATH). -1 with errno. */
int shadow_directory(const struct shadow *shadow, const char *path);
/* Makes an empty file or directory in the working directory; EEXIST. */
int shadow_make(const char *name, bool directory);
/* Removes it, and all below it. */
void shadow_remove(int directory, const char *path);

/* Removes a file (empty: none) of that directory, the directory, and those above it, so far as nothing is in them, nobody
 * watches them, and they are no names of a list: as they were before shadow_directory(). */
void shadow_prune(struct shadow *shadow, const char *directory, const char *file);

struct watched *shadow_by_id(struct shadow *shadow, uint32_t id);
struct watched *shadow_by_inode(struct shadow *shadow, ino_t inode);
/* Takes a place and its id; the shadow's descriptor becomes the place's. NULL (ENOSPC) when there are too many. */
struct watched *shadow_add(struct shadow *shadow, int fd, const char *self);
void shadow_forget(struct watched *watched);
/* It has been removed, be it with a directory above it. */
bool shadow_is_gone(const struct watched *watched);
/* Its path below the root. -1 with errno. */
int shadow_path(const struct shadow *shadow, int fd, char path[PATH_MAX]);

/* Gives the shadow the names that the directory has now, which changes nothing where they are the same. again: what
 * was there may have been written to, which its watchers learn. -1 with errno (ENOSPC: too many names). */
int shadow_list(struct watched *watched, int directory, bool again);

#endif
