/* The host's directories that the box watches: inotify(7) on the host, each with the id that the guest gave it. */
#ifndef BOXLITE_SHIM_NOTIFY_WATCHES_H
#define BOXLITE_SHIM_NOTIFY_WATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "../../common/err.h"
#include "../../common/wire.h"
#include "../box/config.h"

/* The low 16 bits of an id are its place, which the guest chooses: no id has to be looked for. */
enum { MOST_WATCHES = 8192, WATCH_BUCKETS = 1024 };

struct watched {
    uint32_t id;             /* 0: the place is free */
    int watch;               /* the kernel's number; two ids may have one, by two mounts of a directory */
    uint16_t previous, next; /* of the bucket: place plus 1 */
};

struct watches {
    int inotify;           /* -1: nothing has been watched yet */
    int roots[MAX_SHARES]; /* O_PATH; -1: the guest may not have it watched */
    uint32_t ids; /* of users and groups that the VMM has rights over, counted from 0; 0: the kernel decides */
    uint16_t buckets[WATCH_BUCKETS];
    struct watched all[MOST_WATCHES]; /* memory that nobody has used takes none */
};

/* Opens the shares while they are what the VMM will get. NULL without a failure: none is to be watched. */
struct watches *watches_open(const struct config *config, struct err *err);
/* Watches a directory or a regular file below the share, or the share itself. No link is followed, and nothing mounted
 * there is entered; what the VMM may not read is refused. 0 or an errno: ENOSPC for a place beyond all, EEXIST for one
 * that is taken. */
int watches_add(struct watches *watches, uint32_t id, uint32_t share, const char *path);
/* Of an id that is not watched: nothing. The kernel may have ended it while the guest did not know. */
void watches_remove(struct watches *watches, uint32_t id);
/* Writes what has happened as the payload of CHANGES. How many changes that is: 0 for nothing. */
uint32_t watches_read(struct watches *watches, struct wr *to);
void watches_close(struct watches *watches);

#endif
