#include "tail.h"

#include <string.h>

void tail_add(struct tail *tail, const uint8_t *bytes, size_t n) {
    if (n > TAIL_BYTES) {
        bytes += n - TAIL_BYTES;
        n = TAIL_BYTES;
    }
    size_t kept = tail->used + n > TAIL_BYTES ? TAIL_BYTES - n : tail->used;
    memmove(tail->bytes, tail->bytes + tail->used - kept, kept);
    memcpy(tail->bytes + kept, bytes, n);
    tail->used = kept + n;
}
