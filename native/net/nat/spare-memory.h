/* When memory that connections have left goes back to the system: not at once, because a client that opens one after
 * another would have us give up and get the same memory for each. */
#ifndef BOXLITE_NET_NAT_SPARE_MEMORY_H
#define BOXLITE_NET_NAT_SPARE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed, there is none. */
struct spare_memory {
    bool may_be; /* there have been connections since it was given back */
    uint64_t due_ms; /* 0: there are connections, or it is not known yet */
};

/* The allocator keeps it from here on. */
void spare_memory_keep(void);
/* Gives it back once there has been no connection for a second; lowers *timeout_ms (-1: no end) to when that is.
 * Returns true when it has. */
bool spare_memory_poll(struct spare_memory *memory, bool has_connections, uint64_t now_ms, int *timeout_ms);

#endif
