/* The host's name servers, which answer what boxlite-net does not (resolv.conf(5)). */
#ifndef BOXLITE_SHIM_BROKER_RESOLVERS_H
#define BOXLITE_SHIM_BROKER_RESOLVERS_H

#include <stdio.h>

#include "../../common/net-control.h"

/* Reads /etc/resolv.conf as it is now. A host that names none has one on its loopback. */
void resolvers_read(struct net_resolvers *to);
/* The same of an open file, or of none. */
void resolvers_parse(FILE *from, struct net_resolvers *to);

#endif
