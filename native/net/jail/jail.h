/* What boxlite-net gives up before it looks at the first frame. */
#ifndef BOXLITE_NET_JAIL_JAIL_H
#define BOXLITE_NET_JAIL_JAIL_H

#include <stdint.h>

#include "../../common/err.h"

/* Becomes `user` (NET_SAME_USER: stays who it is), and keeps no more than memory, time, sockets of the Internet and the
 * descriptors that it has or is sent: no file, no program, no other process. */
int jail_enter(uint32_t user, struct err *err);

#endif
