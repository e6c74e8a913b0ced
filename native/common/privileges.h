/* What a program of the host gives up before it meets what is hostile. */
#ifndef BOXLITE_COMMON_PRIVILEGES_H
#define BOXLITE_COMMON_PRIVILEGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "err.h"

struct process_limit {
    __rlimit_resource_t resource;
    rlim_t most;
    const char *what; /* for messages: "memory (ulimit -d)" */
};

/* Both take CAP_* below 32 as bits. */

/* What exec as root or a file's capabilities could restore. Whoever may not lower the bound has no capability. */
int privileges_bound(uint32_t kept, struct err *err);
/* What the process has. */
int privileges_set(uint32_t kept, struct err *err);

/* Lowers the hard limits, for good, and makes the soft ones the same. */
int privileges_limit(const struct process_limit *limits, size_t count, struct err *err);

/* A process keeps its caller's session keyring through every change of user, and possession is the right to all keys in
 * it: this makes one of its own. Where the kernel has no keys, a container refuses the call or the quota is used up, a
 * filter of calls alone keeps keys away. */
int privileges_own_keyring(struct err *err);

#endif
