/* What the child between fork and exec receives from the shim. */
#ifndef BOXLITE_SHIM_JAIL_JAIL_H
#define BOXLITE_SHIM_JAIL_JAIL_H

#include "../box/config.h"

/* The interposer's descriptor in the VMM, above every number that the configuration may name. */
enum { PRELOAD_FD = MAX_FD + 1, FIRST_FREE_FD, MAX_PLACED = MAX_FILES + 8 };

/* A descriptor of the shim and its number in the VMM. */
struct placed_fd {
    int from, to;
};

struct jail {
    const struct config *config;
    pid_t parent;
    uint32_t id; /* the first of its range; UNCHANGED_ID: the VMM keeps the shim's user */
    struct placed_fd fds[MAX_PLACED];
    uint32_t fd_count;
    int user_namespace; /* of the shares' ids, or -1 */
    int report_fd; /* where a failure is reported; closes by itself when the VMM begins */
};

#endif
