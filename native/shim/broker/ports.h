/* The host's sockets of the box's published ports. */
#ifndef BOXLITE_SHIM_BROKER_PORTS_H
#define BOXLITE_SHIM_BROKER_PORTS_H

#include <netinet/in.h>

#include "../../common/net-control.h"
#include "../box/shim.h"

/* Binds them all, with the rights of the shim's user and before anything of the box runs, and notes the numbers that
 * the kernel chooses. They close when boxlite-net and the shim have closed them. */
int ports_bind(struct shim *shim, struct err *err);

/* Binds one while the box runs. Returns its socket, which is the caller's. */
int port_bind(struct published_port *port, struct err *err);

/* NET_PUBLISH for a port, which gets its id here. */
struct net_publish port_publication(struct shim *shim, struct published_port *port);

/* `127.0.0.1:80/tcp` */
enum { PORT_TEXT_BYTES = INET6_ADDRSTRLEN + 16 };
void port_text(const struct published_port *port, char text[PORT_TEXT_BYTES]);

/* Closes those that the shim still holds. */
void ports_close(struct shim *shim);

#endif
