/* The connection to the hub of a named network, which is started where there is none. */
#ifndef BOXLITE_SHIM_BROKER_HUB_H
#define BOXLITE_SHIM_BROKER_HUB_H

#include "../box/config.h"

/* What a hub may take at a box's start, busy host or not. */
enum { HUB_LOCK_MS = 10000, HUB_ANSWER_MS = 10000 };

/* Joins the network for the box. Returns the connection, which is boxlite-net's to have; or -1: EAGAIN when somebody
 * else has been starting the hub all the time.
 * lock_ms: how long others may take who are starting it, 0 for not at all
 * answer_ms: how long the hub may take to answer, whether it is there or has to be started
 * replace: whether another is started if it does not; the one that hung then ends when it goes on */
int hub_join(const struct config *config, const struct link_config *link, unsigned lock_ms, unsigned answer_ms,
             bool replace, struct err *err);

#endif
