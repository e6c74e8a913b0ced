/* The process of the agent's that answers for the box's inotify where a volume's changes are to be noticed: it finds
 * what is watched, has the host watch it too, and repeats what the host reports. */
#ifndef BOXLITE_GUEST_NOTIFY_NOTIFIER_H
#define BOXLITE_GUEST_NOTIFY_NOTIFIER_H

#include <stdbool.h>
#include <sys/types.h>

#include "../wire/message.h"

/* Where the box's first process has its listener, until it starts the command. */
enum { NOTIFY_LISTENER_FD = 7 };

/* A volume of the box has its changes noticed. */
bool notify_wanted(const struct bootstrap *message);

/* Once the volumes are mounted. From now on the caller's children wait for that process when they watch something, too.
 * Returns a socket of packets (packet.h), which does not block. */
int notifier_start(const struct bootstrap *message, pid_t first, int first_pidfd, struct err *err);

#endif
