#include "power-off.h"

#include <sys/reboot.h>
#include <unistd.h>

#include "../system/clock.h"
#include "../system/console.h"
#include "disks.h"
#include "volumes.h"

enum { DRAIN_MS = 5000 };

static void drain(struct port *port);

_Noreturn void power_off(struct port *port) {
    drain(port);
    /* First what outlives the box: whoever removes it does not wait for ever. */
    volumes_unmount();
    disks_unmount();
    sync();
    reboot(RB_POWER_OFF);
    complain("the VM does not power off");
    reboot(RB_AUTOBOOT);
    for (;;)
        pause();
}

/* A host that reads nothing for so long will not read the rest either. */
static void drain(struct port *port) {
    uint64_t until = monotonic_ns() + (uint64_t)DRAIN_MS * 1000000;
    port_flush(port);
    while (port->out.used && monotonic_ns() < until) {
        port_wait(port, 200);
        port_flush(port);
    }
}
