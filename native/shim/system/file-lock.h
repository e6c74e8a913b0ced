/* Locks of the kernel's on open files (flock(2)): it lets go of one when the last process that has the open
 * file closes it or ends, however it ends. */
#ifndef BOXLITE_SHIM_SYSTEM_FILE_LOCK_H
#define BOXLITE_SHIM_SYSTEM_FILE_LOCK_H

/* Locks an open file for this process and those that inherit it.
 * seconds: for how long to wait for another that has it, 0 for not at all
 * Returns 0, or -1 with errno; EWOULDBLOCK when somebody else still has it. */
int file_lock(int fd, unsigned seconds);

#endif
