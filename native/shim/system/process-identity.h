/* What tells this process from a later one of the same number, and a living one from one that ends. */
#ifndef BOXLITE_SHIM_SYSTEM_PROCESS_IDENTITY_H
#define BOXLITE_SHIM_SYSTEM_PROCESS_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { BOOT_ID_BYTES = 37 };

struct process_identity {
    uint64_t start_ticks;        /* since boot; 0 when it can't be read */
    char boot_id[BOOT_ID_BYTES]; /* the host's; empty when it can't be read */
};

void self_identify(struct process_identity *self);
/* How many filters of system calls this process has; -1 where the kernel does not tell. */
int self_filters(void);

/* What /proc tells of a child for as long as it has not been waited for, by descriptors: a shim that has locked itself
 * in finds no /proc. Each may be -1, and then nothing is known. */
struct process_files {
    int stat, status;
};

void process_files_open(pid_t pid, struct process_files *files);
/* Whether it has begun to end: its files are closed milliseconds before its end is told. */
bool process_is_exiting(const struct process_files *files);
int process_filters(const struct process_files *files);

#endif
