/* Session 1, the box's command. Its output goes to the log and to every attached client, and the guest
 * gets credit as the slowest of them does; its stdin comes from any of them. */
#ifndef BOXLITE_SHIM_SESSION_MAIN_SESSION_H
#define BOXLITE_SHIM_SESSION_MAIN_SESSION_H

#include "../box/shim.h"

void main_attach(struct shim *shim, struct client *client);
void main_from_client(struct shim *shim, struct client *client, const struct frame *frame);
void main_from_guest(struct shim *shim, const struct frame *frame);
/* The start has failed, in bootstrap or in exec: records it, and gives the VMM a while to end. */
void main_failed(struct shim *shim, const struct frame *frame);
/* Main's time is up, and the guest has not ended it. */
bool main_timed_out(const struct shim *shim);

#endif
