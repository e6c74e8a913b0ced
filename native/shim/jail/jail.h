/* What the child between fork and exec needs to know. */
#ifndef BOXLITE_SHIM_JAIL_JAIL_H
#define BOXLITE_SHIM_JAIL_JAIL_H

#include "../box/config.h"

/* The interposer's descriptor in the VMM; above all that the configuration may name. */
enum { PRELOAD_FD = MAX_FD + 1, FIRST_FREE_FD, MAX_PLACED = MAX_FILES + 8 };

/* A descriptor of ours and the number it gets. */
struct placed_fd {
    int from, to;
};

struct jail {
    const struct config *config;
    pid_t parent;
    uint32_t id; /* the first of its own; UNCHANGED_ID: the VMM is who we are */
    struct placed_fd fds[MAX_PLACED];
    uint32_t fd_count;
    int user_namespace; /* of the shares' ids, or -1 */
    int report_fd; /* where a failure is reported; closes by itself when the VMM begins */
};

#endif
