/* A paused box: its VMM is stopped by the host's kernel, so no processor of the guest runs, whatever the guest
 * does. The kernel's report is the actual state, and the answer to a request waits for it. */
#ifndef BOXLITE_SHIM_RELAY_PAUSE_H
#define BOXLITE_SHIM_RELAY_PAUSE_H

#include "../box/shim.h"

void pause_request(struct shim *shim, struct client *client);
void resume_request(struct shim *shim, struct client *client);
/* The kernel reports that the VMM has stopped or continued, whoever sent the signal. */
void pause_changed(struct shim *shim, bool stopped);

#endif
