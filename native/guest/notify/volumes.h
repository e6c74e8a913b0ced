/* The volumes whose changes the box notices, and paths in them. */
#ifndef BOXLITE_GUEST_NOTIFY_VOLUMES_H
#define BOXLITE_GUEST_NOTIFY_VOLUMES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "../wire/message.h"

struct notify_volume {
    uint32_t share;
    uint64_t mount;      /* its number, statx(2) */
    int root;            /* O_PATH */
    bool is_file;
    const char *subpath; /* of the share */
    char *place;         /* its path, as the kernel shows it */
};

struct notify_volumes {
    struct notify_volume all[BL_LIMIT_MAX_SHARES];
    uint32_t count;
};

/* The volumes of the message, in the box whose first process this is. */
int notify_volumes_find(const struct bootstrap *message, pid_t first, struct notify_volumes *volumes, struct err *err);
/* The one that the file is in, and the file's path in it. what: its type and inode. NULL for a file elsewhere. */
const struct notify_volume *notify_volume_of(const struct notify_volumes *volumes, int file, char path[PATH_MAX],
                                             struct statx *what);
/* Opens a directory of it again by such a path: no link is followed, nothing mounted below it is entered. flags:
 * O_RDONLY or O_PATH. -1 */
int notify_volume_directory(const struct notify_volume *volume, const char *path, int flags);

#endif
