#include "output.h"

#include <errno.h>
#include <unistd.h>

#include "../system/watch.h"
#include "vmm.h"

enum { READ_BYTES = 4096 };

static bool receive(struct shim *shim, enum source source);

void vmm_output_event(struct shim *shim, enum source source) { (void)receive(shim, source); }

void vmm_output_drain(struct shim *shim) {
    while (receive(shim, ON_CONSOLE))
        ;
    while (receive(shim, ON_VMM_OUTPUT))
        ;
}

/* False when nothing is readable now, or the end is reached. */
static bool receive(struct shim *shim, enum source source) {
    int *fd = source == ON_CONSOLE ? &shim->vmm.console_fd : &shim->vmm.output_fd;
    if (*fd < 0)
        return false;
    uint8_t bytes[READ_BYTES];
    ssize_t n = read(*fd, bytes, sizeof bytes);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0) {
        watch_remove(&shim->watch, *fd);
        close(*fd);
        *fd = -1;
        return false;
    }
    if (source == ON_VMM_OUTPUT) {
        tail_add(&shim->vmm_tail, bytes, (size_t)n);
        return true;
    }
    /* The first output from inside the VM. */
    vmm_reached(shim, BL_STAGE_KERNEL);
    tail_add(&shim->console_tail, bytes, (size_t)n);
    console_log_append(&shim->console_log, bytes, (size_t)n);
    return true;
}
