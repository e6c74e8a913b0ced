/* One more process in the running box. */
#ifndef BOXLITE_GUEST_JOIN_H
#define BOXLITE_GUEST_JOIN_H

#include <sys/types.h>

#include "../command/launch.h"
#include "box.h"

/* Makes a process in the box that becomes `command`, a child of the agent's. -1 with errno: ENOMEM or ESRCH when the
 * box is ending. */
pid_t join_spawn(const struct box *box, const struct launch *command);

#endif
