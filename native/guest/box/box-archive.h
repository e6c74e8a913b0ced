#ifndef BOXLITE_GUEST_BOX_ARCHIVE_H
#define BOXLITE_GUEST_BOX_ARCHIVE_H

#include <stdint.h>

#include "../wire/message.h"
#include "box.h"

/* In a process of its own: writes the box's root file system as a tar to `out` and ends with 0, or says on
 * `error` why it can't and ends with 1. Nothing that is mounted over it is in it: not /proc, not volumes, not
 * the box's own /etc/hosts; nor is what only the agent's skeleton has. BL_EXEC_LAYER or BL_EXEC_CHANGES in
 * `flags`: what changes.h says instead; with BL_EXEC_FREEZE it waits until the box stands still. */
_Noreturn void box_archive(int out, int error, int report, uint32_t flags);

/* In a process of its own: one end of a copy, as native/archive/command.h tells. It enters the box's mounts, so
 * that a path means what it means there, volumes included, and no link leads out of the box. It is not one of
 * the box's processes, and not seen there. `stream` is the archive's. */
_Noreturn void box_copy(const struct box *box, const struct exec_request *request, int stream, int error, int report);

#endif
