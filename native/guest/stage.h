#ifndef BOXLITE_GUEST_STAGE_H
#define BOXLITE_GUEST_STAGE_H

#include <stdbool.h>

#include "../common/err.h"

/* Builds the box's /proc, /sys and /dev below ROOT_STAGE, in the mount, PID, IPC and cgroup namespaces of
 * the caller: what a container expects, with the kernel's dangerous files masked or read-only (Docker's
 * lists). Privileged: everything writable, nothing masked, and the VM's own devices. */
int stage_build(bool privileged, struct err *err);

#endif
