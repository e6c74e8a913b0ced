/* A VMM has no capability; with volumes it has four, which count only over the volumes' files. */
#ifndef BOXLITE_SHIM_JAIL_CAPABILITIES_H
#define BOXLITE_SHIM_JAIL_CAPABILITIES_H

#include <stdint.h>

#include "../../../common/err.h"

/* Both take CAP_* below 32 as bits. */

/* What exec as root or a file's capabilities could restore. Whoever may not lower the bound has no capability. */
int capabilities_bound(uint32_t kept, struct err *err);
/* What the process has. */
int capabilities_set(uint32_t kept, struct err *err);

#endif
