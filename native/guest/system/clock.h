#ifndef BOXLITE_GUEST_CLOCK_H
#define BOXLITE_GUEST_CLOCK_H

#include <stdint.h>

/* Since the VM's boot, for time spans and deadlines: no change of the date moves it. */
uint64_t monotonic_ns(void);

#endif
