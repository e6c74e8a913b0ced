#include "clock.h"

#include <stdio.h>
#include <time.h>

#define NS_PER_S 1000000000U

uint64_t clock_wall_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void clock_rfc3339(uint64_t wall_ns, char to[RFC3339_BYTES]) {
    time_t seconds = (time_t)(wall_ns / NS_PER_S);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(to, RFC3339_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(to + n, RFC3339_BYTES - n, ".%09uZ", (unsigned)(wall_ns % NS_PER_S));
}
