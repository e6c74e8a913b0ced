#ifndef BOXLITE_GUEST_BOOTSTRAP_H
#define BOXLITE_GUEST_BOOTSTRAP_H

#include "../box/box.h"
#include "../wire/port.h"

/* Reports to the host that the template may be taken. */
void send_ready(struct port *port);

/* Obeys a PREPARE, which makes the machine an image's template. Then waits for BOOTSTRAP, does what it says, from
 * the clock to the box's root file system, and answers BOOTSTRAPPED. -1 when it could not (FAILED has been sent) or
 * when the host wants the VM to end. */
int bootstrap(struct port *port, struct box *box);

#endif
