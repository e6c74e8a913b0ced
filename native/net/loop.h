/* Waits for boxes, shims and sockets of the host, until the last shim is gone. */
#ifndef BOXLITE_NET_LOOP_H
#define BOXLITE_NET_LOOP_H

#include "net.h"

void loop_run(struct net *net);

#endif
