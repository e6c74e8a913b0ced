#ifndef BOXLITE_GUEST_DEVICE_NODES_H
#define BOXLITE_GUEST_DEVICE_NODES_H

#include "../wire/message.h"

/* Gives the box the nodes of the devices that it was promised, in its /dev, which is ours and new at each start. */
int device_nodes_make(const struct bootstrap *message, struct err *err);

#endif
