#ifndef BOXLITE_GUEST_DEVICE_NODES_H
#define BOXLITE_GUEST_DEVICE_NODES_H

#include "../../wire/message.h"

/* Makes the nodes of the box's devices in its /dev, which is the agent's and new at each start. */
int device_nodes_make(const struct bootstrap *message, struct err *err);

#endif
