/* The host's directories that the box watches: inotify(7) on the host, each with the id that the guest gave it. */
#ifndef BOXLITE_SHIM_NOTIFY_WATCHES_H
#define BOXLITE_SHIM_NOTIFY_WATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "../../common/err.h"
#include "../../common/wire.h"
#include "../box/config.h"

enum { MOST_WATCHES = 32768, WATCH_BUCKETS = 1024 };

struct watched {
    uint32_t id;   /* 0: the place is free */
    int watch;     /* the kernel's number; two ids may have one, by two mounts of a directory */
    uint32_t next; /* of the bucket, or free; place plus 1 */
};

struct watches {
    int inotify;           /* -1: nothing has been watched yet */
    int roots[MAX_SHARES]; /* O_PATH; -1: the guest may not have it watched */
    uint32_t ids; /* of users and groups that the VMM has rights over, counted from 0; 0: the kernel decides */
    struct watched *all;
    uint32_t room, free, buckets[WATCH_BUCKETS];
};

/* Opens the shares while they are what the VMM will get. NULL without a failure: none is to be watched. */
struct watches *watches_open(const struct config *config, struct err *err);
/* Watches a directory below the share, or the share itself. No link is followed, and nothing mounted there is entered;
 * what the VMM may not read is refused. 0 or an errno. */
int watches_add(struct watches *watches, uint32_t id, uint32_t share, const char *path);
void watches_remove(struct watches *watches, uint32_t id);
/* Writes what has happened as the payload of CHANGES. How many changes that is: 0 for nothing. */
uint32_t watches_read(struct watches *watches, struct wr *to);
void watches_close(struct watches *watches);

#endif
