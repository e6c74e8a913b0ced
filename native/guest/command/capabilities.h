#ifndef BOXLITE_GUEST_CAPABILITIES_H
#define BOXLITE_GUEST_CAPABILITIES_H

#include <stdint.h>

#include "../../common/err.h"

/* Takes all but `kept` (bit n = capability n) out of the bounding set: no file can give them back. */
int capabilities_bound(uint64_t kept, struct err *err);
/* Permitted and effective become `kept` as far as the kernel knows them; inheritable and ambient none. */
int capabilities_set(uint64_t kept, struct err *err);

#endif
