#ifndef BOXLITE_PRELOAD_LOCK_H
#define BOXLITE_PRELOAD_LOCK_H

/* The bits of BOXLITE_CALLS, as src/vmm/qemu/calls.ts has them. */
enum {
    CALLS_KVM = 1,
    CALLS_SHARES = 2,
    CALLS_SAVING = 4,
};

/* Installs the lock; to be called once. Ends the process where it can't. */
void lock_calls(void);

#endif
