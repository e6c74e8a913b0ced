/* The process of boxlite-net. */
#ifndef BOXLITE_SHIM_NET_CHILD_H
#define BOXLITE_SHIM_NET_CHILD_H

#include "../box/shim.h"

/* Starts it with one end of a control socket as its descriptor 3, and its stderr in a pipe. A program that can't be
 * run says so there and ends: whoever waits for its first answer finds both. */
int net_child_start(struct shim *shim, struct err *err);

/* Ends it and waits until its sockets are closed. */
void net_child_end(struct shim *shim);

/* Keeps its last words. */
void net_child_output(struct shim *shim);

/* How it ended, with its last line. */
void net_child_epitaph(const struct shim *shim, int status, struct err *err);

#endif
