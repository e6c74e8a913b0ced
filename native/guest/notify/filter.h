/* The one system call of the box that the agent answers in its place: inotify_add_watch. */
#ifndef BOXLITE_GUEST_NOTIFY_FILTER_H
#define BOXLITE_GUEST_NOTIFY_FILTER_H

#include "../../common/err.h"

/* For the calling process and those that it starts from now on: that call waits until the returned descriptor, a
 * listener of seccomp_unotify(2), has an answer for it. It fails with ENOSYS once nobody has the listener any more.
 * The caller needs CAP_SYS_ADMIN, and must not be the one that answers. */
int notify_filter_install(struct err *err);

#endif
