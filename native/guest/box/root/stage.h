#ifndef BOXLITE_GUEST_STAGE_H
#define BOXLITE_GUEST_STAGE_H

#include <stdint.h>

#include "../../../common/err.h"

/* Builds the box's /proc, /sys and /dev below ROOT_STAGE, in the mount, PID, IPC and cgroup namespaces of
 * the caller: what a container expects, with the kernel's dangerous files masked or read-only (Docker's
 * lists). A second time for a box with one of these BL_BOX_*: UNMASKED, nothing masked; PRIVILEGED, nor anything
 * read-only, and the VM's own devices. */
int stage_build(uint32_t box_flags, struct err *err);

#endif
