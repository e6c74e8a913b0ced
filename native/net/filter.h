/* boxlite-net's jail: memory, time, and sockets of the Internet. */
#ifndef BOXLITE_NET_FILTER_H
#define BOXLITE_NET_FILTER_H

#include "jail/jail.h"

extern const struct jail net_jail;

#endif
