#ifndef BOXLITE_GUEST_POWER_OFF_H
#define BOXLITE_GUEST_POWER_OFF_H

#include "../wire/port.h"

/* Hands what is still queued to the host, writes the disks back, ends the VM. */
_Noreturn void power_off(struct port *port);

#endif
