#include "spare-memory.h"

#include <malloc.h>

enum {
    REST_MS = 1000,
    KEPT_BYTES = 64 * 1024 * 1024,
    /* libslirp's buffers of a connection are smaller: a mapping of its own for each would cost two calls and its pages. */
    MAPPED_BYTES = 1024 * 1024,
    /* And so would each growth of the heap. */
    GROWTH_BYTES = 2 * 1024 * 1024,
};

void spare_memory_keep(void) {
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
    mallopt(M_TOP_PAD, GROWTH_BYTES);
}

bool spare_memory_poll(struct spare_memory *memory, bool has_connections, uint64_t now_ms, int *timeout_ms) {
    if (has_connections || !memory->may_be) {
        *memory = (struct spare_memory){.may_be = has_connections};
        return false;
    }
    if (!memory->due_ms)
        memory->due_ms = now_ms + REST_MS;
    if (now_ms >= memory->due_ms) {
        malloc_trim(0);
        *memory = (struct spare_memory){0};
        return true;
    }
    uint64_t left = memory->due_ms - now_ms;
    if (*timeout_ms < 0 || (uint64_t)*timeout_ms > left)
        *timeout_ms = (int)left;
    return false;
}
