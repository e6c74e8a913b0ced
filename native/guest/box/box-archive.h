#ifndef BOXLITE_GUEST_BOX_ARCHIVE_H
#define BOXLITE_GUEST_BOX_ARCHIVE_H

#include <stdint.h>

#include "../wire/message.h"
#include "box.h"

/* In a process of its own: writes the box's root file system as a tar to `out` and ends with 0, or writes to `error`
 * why it can't and ends with 1. What is mounted over the file system is left out (/proc, volumes, the box's own
 * /etc/hosts), and so is what only the agent's skeleton has. With BL_EXEC_LAYER or BL_EXEC_CHANGES in `flags` it
 * writes what changes.h describes; with BL_EXEC_FREEZE it first waits until the box is frozen. */
_Noreturn void box_archive(int out, int error, int report, uint32_t flags);

/* In a process of its own: one end of a copy (native/archive/command.h). It enters the box's mounts, so that a path
 * means what it means there, volumes included, and no link leads out of the box. The box does not see the process.
 * `stream` is the archive's. */
_Noreturn void box_copy(const struct box *box, const struct exec_request *request, int stream, int error, int report);

#endif
