/* What libslirp asks of its caller and nobody needs here. */
#ifndef BOXLITE_NET_NAT_QUIET_H
#define BOXLITE_NET_NAT_QUIET_H

#include <slirp/libslirp.h>

void quiet_callbacks(SlirpCb *callbacks);

#endif
