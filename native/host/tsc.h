/* The rate of the host's time-stamp counter. */
#ifndef BOXLITE_HOST_TSC_H
#define BOXLITE_HOST_TSC_H

/* Measures for 20 ms and prints kHz on stdout. Returns an exit status. */
int print_tsc_khz(void);

#endif
