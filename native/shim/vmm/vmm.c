#include "vmm.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>

void vmm_wanted_ended(struct shim *shim) {
    if (!shim->vmm.pid || !process_is_exiting(&shim->vmm.files))
        shim->vmm.killed = true;
}

void vmm_kill(struct shim *shim) {
    if (!shim->vmm.pid)
        return;
    shim->vmm.shot = shim->vmm.shot || !process_is_exiting(&shim->vmm.files);
    kill(shim->vmm.pid, SIGKILL);
}

void vmm_continue(struct shim *shim) {
    if (shim->vmm.pid)
        kill(shim->vmm.pid, SIGCONT);
}

void vmm_fault(struct shim *shim, int code, const char *format, ...) {
    if (!shim->faulted) {
        va_list args;
        va_start(args, format);
        vsnprintf(shim->fault.msg, sizeof shim->fault.msg, format, args);
        va_end(args);
        shim->fault.code = code;
        shim->faulted = true;
    }
    vmm_kill(shim);
}

int vmm_end_status(const struct shim *shim, int status) {
    /* native/preload/abort.c */
    if ((shim->vmm.walls & BL_WALL_NAMESPACES) && WIFEXITED(status) &&
        (WEXITSTATUS(status) == 128 + SIGABRT || WEXITSTATUS(status) == 128 + SIGBUS))
        return WEXITSTATUS(status) - 128;
    return status;
}

void vmm_heard(struct shim *shim) {
    /* That of each VMM, that of one with volumes, QEMU's own and the lock. */
    const int expected = 3 + (shim->config.share_count > 0);
    if (shim->vmm.heard || !(shim->vmm.walls & BL_WALL_CALLS))
        return;
    shim->vmm.heard = true;
    /* Kernels before 5.9 count none. */
    int filters = process_filters(&shim->vmm.files), inherited = shim->vmm.inherited_filters;
    if (filters >= 0 && filters - inherited < expected)
        vmm_fault(shim, ENOTSUP, "the VMM has %d of %d filters of system calls; is its program linked statically?",
                  filters - inherited, expected);
}

void vmm_reached(struct shim *shim, uint32_t stage) {
    if (stage > shim->stage)
        shim->stage = stage;
}
