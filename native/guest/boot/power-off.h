#ifndef BOXLITE_GUEST_POWER_OFF_H
#define BOXLITE_GUEST_POWER_OFF_H

#include "../wire/port.h"

/* Sends the host what is still queued, writes the disks back, ends the VM. */
_Noreturn void power_off(struct port *port);

#endif
