/* The host's clocks. */
#ifndef BOXLITE_SHIM_SYSTEM_CLOCK_H
#define BOXLITE_SHIM_SYSTEM_CLOCK_H

#include <stdint.h>

uint64_t clock_wall_ns(void);
/* For durations. */
uint64_t clock_monotonic_ms(void);

enum { RFC3339_BYTES = 32 };

/* "2026-01-31T23:59:59.123456789Z" */
void clock_rfc3339(uint64_t wall_ns, char to[RFC3339_BYTES]);

#endif
