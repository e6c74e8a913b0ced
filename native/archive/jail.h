/* On the host boxlite-archive reads what a hostile box has packed, with the authority of whoever called it. */
#ifndef BOXLITE_ARCHIVE_JAIL_H
#define BOXLITE_ARCHIVE_JAIL_H

#include <stdint.h>

#include "../common/err.h"

/* Gives up for good what the command does not need: files outside the source or destination, where the kernel has
 * Landlock; calls that do anything but read and write files; memory. argv as for archive_command. Links that a caller
 * wants followed lead anywhere, so packing by itself may read everything. */
int jail_enter(const char *const *argv, uint32_t count, struct err *err);

#endif
