/* What the child between clone and exec receives from the shim. */
#ifndef BOXLITE_SHIM_JAIL_JAIL_H
#define BOXLITE_SHIM_JAIL_JAIL_H

#include "../../box/config.h"

/* The interposer's descriptor in the VMM, above every number that the configuration may name. */
enum { PRELOAD_FD = MAX_FD + 1, FIRST_FREE_FD, MAX_PLACED = MAX_FILES + 8 };

/* A descriptor of the shim and its number in the VMM. */
struct placed_fd {
    int from, to;
};

struct jail {
    const struct config *config;
    uint32_t id;    /* the first of its range; UNCHANGED_ID: the VMM keeps the shim's user */
    uint32_t walls; /* BL_WALL_*: what this try builds */
    uid_t caller_user; /* of the shim */
    gid_t caller_group;
    struct placed_fd fds[MAX_PLACED];
    uint32_t fd_count;
    int root; /* the VMM's new root while it is assembled, or -1 */
    int group; /* the VMM's control group, in which it begins if BL_WALL_CGROUP is to stand */
    int share_namespace; /* the user namespace to which root's shares are mapped, or -1 */
    int report_fd; /* where a failure is reported; closes by itself when the VMM begins */
};

#endif
