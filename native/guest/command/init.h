#ifndef BOXLITE_GUEST_INIT_H
#define BOXLITE_GUEST_INIT_H

#include <sys/types.h>

/* Holds back all signals, so that none is lost or fatal between here and init_run. */
void init_begin(void);

/* PID 1 of a box that wants an init, or has no command: reaps whatever is orphaned and hands signals on to
 * `child`, with whose status it ends (128 + n when a signal ended it). Without a child it waits for TERM. */
_Noreturn void init_run(pid_t child);

#endif
