#ifndef BOXLITE_GUEST_PROCESS_END_H
#define BOXLITE_GUEST_PROCESS_END_H

#include <stdbool.h>
#include <sys/types.h>

/* Linux tells whoever traces a process of its end before its parent, and lets it keep the process from being reaped: a
 * command would never be seen to end, whatever its time-out. A process of the box may trace one that is as it is
 * itself, so ours are also looked at. */

/* Readable from the end of all of the process's threads on, reaped or not; -1 where that can't be had. */
int process_end_open(pid_t pid);
/* Whether a child that has not been reaped has ended, and its wait status then. */
bool process_end_seen(pid_t pid, int *status);
/* The same of a process's `stat` file. */
bool process_end_read(const char *stat, int *status);

#endif
