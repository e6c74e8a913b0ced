/* Locks on open files (flock(2)). The kernel releases one when the last process that shares the open file closes
 * it or ends, however it ends. */
#ifndef BOXLITE_SHIM_SYSTEM_FILE_LOCK_H
#define BOXLITE_SHIM_SYSTEM_FILE_LOCK_H

/* Locks an open file for this process and those that inherit it.
 * ms: how long to wait for another holder, 0 for not at all
 * Returns 0, or -1 with errno; EWOULDBLOCK when another process still holds it. */
int file_lock(int fd, unsigned ms);

#endif
