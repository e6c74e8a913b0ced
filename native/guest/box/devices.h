/* Which device nodes work in the box. */
#ifndef BOXLITE_GUEST_DEVICES_H
#define BOXLITE_GUEST_DEVICES_H

#include "../wire/message.h"

/* From here on a process of the box may open only the devices that root/stage.c and the terminals provide, as with
 * Docker. Nodes of others may be made (images hold some) but not opened: behind them are the disks, the memory and
 * the agent's own port. */
int devices_restrict(struct err *err);

/* Allows this box's own as well. ENODEV for a node of a device that the machine does not have. */
int devices_allow(const struct bootstrap *message, struct err *err);

/* For a privileged box. */
int devices_allow_all(struct err *err);

#endif
