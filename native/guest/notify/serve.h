/* What the process of notifier.h does. */
#ifndef BOXLITE_GUEST_NOTIFY_SERVE_H
#define BOXLITE_GUEST_NOTIFY_SERVE_H

#include <sys/types.h>

#include "../wire/message.h"

/* Finds the volumes in the box whose first process this is. */
int notify_prepare(const struct bootstrap *message, pid_t first, int host, int listener, struct err *err);
/* Answers until the box has ended. The first packet brings the agent's own listener. */
_Noreturn void notify_serve(void);

#endif
