/* The last bytes of a stream, for the report of a failed start. */
#ifndef BOXLITE_SHIM_LOG_TAIL_H
#define BOXLITE_SHIM_LOG_TAIL_H

#include <stddef.h>
#include <stdint.h>

enum { TAIL_BYTES = 4096 };

struct tail {
    uint8_t bytes[TAIL_BYTES];
    size_t used;
};

void tail_add(struct tail *tail, const uint8_t *bytes, size_t n);

#endif
