/* What a process of the box wants to watch: where it is in a volume, and which directory the host watches for that. */
#ifndef BOXLITE_GUEST_NOTIFY_TARGET_H
#define BOXLITE_GUEST_NOTIFY_TARGET_H

#include "volumes.h"

struct target {
    const struct notify_volume *volume;
    int number; /* of the volume */
    int file;
    bool directory;
    char path[PATH_MAX];     /* in the volume */
    size_t above;            /* bytes of it that name the directory to watch on the host */
    ino_t real;              /* that directory's; 0 for a volume that is a file */
    char name[NAME_MAX + 1]; /* in the shadow of that; "." for itself */
};

/* -1: the file is in none of the volumes, or not at its place any more. */
int target_find(const struct notify_volumes *volumes, int file, struct target *target);

#endif
