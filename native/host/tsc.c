#include "tsc.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>

/* Under emulation the guest sees the host's counter. Its kernel would measure the rate against an
 * emulated PIT and on a busy host fails to; we measure against a clock that nobody adjusts. */
static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int print_tsc_khz(void) {
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    const int64_t begin = now_ns();
    const uint64_t first = __rdtsc();
    nanosleep(&pause, NULL); /* cut short or long, the quotient stays right */
    const int64_t end = now_ns();
    const uint64_t last = __rdtsc();
    const double khz = (double)(last - first) * 1e6 / (double)(end - begin);
    return printf("%.0f\n", khz) > 0 ? 0 : 1;
}
#else
int print_tsc_khz(void) {
    fputs("boxlite-host: this machine has no time-stamp counter\n", stderr);
    return 1;
}
#endif
