#ifndef BOXLITE_GUEST_INIT_H
#define BOXLITE_GUEST_INIT_H

#include <sys/types.h>

/* Holds back all signals, so that none is lost or fatal between here and init_run. */
void init_begin(void);

/* PID 1 of a box that wants an init, or has no command: reaps orphans, forwards signals to `child`, and ends with
 * its status (128 + n when a signal ended it). Without a child it waits for TERM. */
_Noreturn void init_run(pid_t child);

#endif
