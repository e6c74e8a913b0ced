/* The child between clone and exec: everything that isolates a hostile VMM from the host. */
#ifndef BOXLITE_SHIM_JAIL_RUN_H
#define BOXLITE_SHIM_JAIL_RUN_H

#include "base/jail.h"

/* What arrives on report_fd, as it lies in memory: both ends are the same program. */
struct jail_failure {
    uint32_t stage; /* BL_STAGE_JAIL or BL_STAGE_VMM */
    uint32_t wall;  /* BL_WALL_*: what the host has refused; 0: none of these */
    struct err err;
};

/* All is built: this many bytes go ahead of exec, and of its failure. */
enum { JAIL_MARK_BYTES = 1 };

_Noreturn void jail_run(struct jail *jail);

#endif
