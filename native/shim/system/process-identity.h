/* What tells this process from a later one of the same number. */
#ifndef BOXLITE_SHIM_SYSTEM_PROCESS_IDENTITY_H
#define BOXLITE_SHIM_SYSTEM_PROCESS_IDENTITY_H

#include <stdint.h>

enum { BOOT_ID_BYTES = 37 };

/* Field 22 of /proc/self/stat, in clock ticks since boot; 0 when it can't be read. */
uint64_t self_start_ticks(void);
/* The host's boot id; empty when it can't be read. */
void self_boot_id(char to[BOOT_ID_BYTES]);

#endif
