/* The child between fork and exec: everything that stands between a hostile VMM and the host. */
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

/* What arrives on report_fd, as it lies in memory: both ends are the same program. */
struct jail_failure {
    uint32_t stage; /* BL_STAGE_JAIL or BL_STAGE_VMM */
    struct err err;
};

_Noreturn void jail_run(struct jail *jail);

#endif
