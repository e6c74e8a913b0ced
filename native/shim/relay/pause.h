/* A paused box: its VMM is stopped by the host's kernel, so no processor of the guest runs, whatever the guest
 * does. What the kernel reports is the truth; a request is answered when it has come true. */
#ifndef BOXLITE_SHIM_RELAY_PAUSE_H
#define BOXLITE_SHIM_RELAY_PAUSE_H

#include "../box/shim.h"

void pause_request(struct shim *shim, struct client *client);
void resume_request(struct shim *shim, struct client *client);
/* The kernel reports that the VMM stands still, or goes on; be it that somebody else made it. */
void pause_changed(struct shim *shim, bool stopped);

#endif
