/* Deadlines of a poll(2). */
#ifndef BOXLITE_NET_DNS_DEADLINE_H
#define BOXLITE_NET_DNS_DEADLINE_H

#include <limits.h>
#include <stdint.h>

/* Shortens the time-out (-1: none) so that poll(2) returns at the deadline. */
static inline void deadline_shorten(int *timeout_ms, uint64_t deadline_ms, uint64_t now_ms) {
    uint64_t left = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
    uint64_t current = *timeout_ms < 0 ? INT_MAX : (uint64_t)*timeout_ms;
    if (left < current)
        *timeout_ms = (int)left;
}

#endif
