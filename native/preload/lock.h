#ifndef BOXLITE_PRELOAD_LOCK_H
#define BOXLITE_PRELOAD_LOCK_H

/* Installs the lock, once. Ends the process where it can't. */
void lock_calls(void);

#endif
