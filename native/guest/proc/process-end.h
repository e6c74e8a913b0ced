#ifndef BOXLITE_GUEST_PROCESS_END_H
#define BOXLITE_GUEST_PROCESS_END_H

#include <stdbool.h>
#include <sys/types.h>

/* Linux reports the end of a process to its tracer before its parent, and the tracer can keep it from being reaped:
 * the agent would then never see a command end, whatever its time-out. A process of the box may trace another with
 * its own rights, so the agent also looks at its children itself. */

/* Readable from the end of all of the process's threads on, reaped or not; -1 where that can't be had. */
int process_end_open(pid_t pid);
/* Whether a child that has not been reaped has ended, and its wait status then. */
bool process_end_seen(pid_t pid, int *status);
/* The same of a process's `stat` file. */
bool process_end_read(const char *stat, int *status);

#endif
