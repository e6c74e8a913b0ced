/* What tells this process from a later one of the same number, and a living one from one that ends. */
#ifndef BOXLITE_SHIM_SYSTEM_PROCESS_IDENTITY_H
#define BOXLITE_SHIM_SYSTEM_PROCESS_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { BOOT_ID_BYTES = 37 };

/* Field 22 of /proc/self/stat, in clock ticks since boot; 0 when it can't be read. */
uint64_t self_start_ticks(void);
/* Whether a child has begun to end: its files are closed milliseconds before its end is told. */
bool process_is_exiting(pid_t pid);
/* How many filters of system calls it has; -1 where the kernel does not tell. */
int process_filters(pid_t pid);
/* The host's boot id; empty when it can't be read. */
void self_boot_id(char to[BOOT_ID_BYTES]);

#endif
