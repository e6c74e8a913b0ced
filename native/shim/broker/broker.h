/* What the shim still needs once it has locked itself in, and may not do itself any more: another process does it, which
 * was forked before. It runs the configuration's own programs and no others, opens the host's name servers, the sockets
 * of published ports and the connections to hubs, and reads nothing of the guest. It ends with the shim. */
#ifndef BOXLITE_SHIM_BROKER_BROKER_H
#define BOXLITE_SHIM_BROKER_BROKER_H

#include "../box/shim.h"

/* A box without a network and without a hook has none. */
int broker_start(struct shim *shim, struct err *err);
void broker_end(struct shim *shim);

/* on_exit, without any of the shim's descriptors. Its pid, of a child of the shim's; or -1. EPIPE: nobody will ever run
 * it. */
pid_t broker_run_hook(struct shim *shim);
/* The one that runs. */
void broker_kill_hook(struct shim *shim);

/* As hub_join (hub.h). */
int broker_join(struct shim *shim, const struct link_config *link, unsigned lock_ms, unsigned answer_ms, bool replace,
                struct err *err);
/* As port_bind (ports.h). */
int broker_bind(struct shim *shim, struct published_port *port, struct err *err);
/* As resolvers_read (resolvers.h). */
int broker_resolvers(struct shim *shim, struct net_resolvers *to, struct err *err);

#endif
