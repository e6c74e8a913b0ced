/* main's stdin. Each attached client has a window to the shim, and the shim one to the guest: so no writer can use
 * up another's window. */
#ifndef BOXLITE_SHIM_SESSION_MAIN_STDIN_H
#define BOXLITE_SHIM_SESSION_MAIN_STDIN_H

#include "../box/shim.h"

void main_stdin(struct shim *shim, struct client *client, const struct frame *frame);
/* The guest has consumed some bytes. */
void main_stdin_credit(struct shim *shim, const struct frame *frame);

#endif
