/* The first turn of QEMU's main loop. All files are open by then; the machine waits, since the engine has it begin by the
 * monitor, which is served in a later turn. */
#include <dlfcn.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lock.h"

typedef int query(void *context, int priority, int *timeout, void *fds, int count);

/* Of glib. Its own loops, those of QEMU's other threads, do not come this way. */
query g_main_context_query;

__attribute__((visibility("default"))) int g_main_context_query(void *context, int priority, int *timeout, void *fds,
                                                                int count) {
    static query *real;
    /* Once: QEMU passes here for each thing that happens. */
    static bool turned;
    if (!real) {
        /* As POSIX has it: the standard has no conversion between pointers to objects and to functions. */
        *(void **)&real = dlsym(RTLD_NEXT, "g_main_context_query");
        if (!real)
            _exit(1);
    }
    if (!turned && (pid_t)syscall(SYS_gettid) == getpid()) {
        lock_calls();
        turned = true;
    }
    return real(context, priority, timeout, fds, count);
}
