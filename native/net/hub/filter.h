/* The hub's jail. */
#ifndef BOXLITE_NET_HUB_FILTER_H
#define BOXLITE_NET_HUB_FILTER_H

#include "../jail/jail.h"

extern const struct jail hub_jail;

#endif
