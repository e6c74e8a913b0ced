/* What both ends of a copy are told: on the host as arguments of boxlite-archive, in a box as an exec message's.
 *
 *   pack [follow-source] [follow-all] [attributes] [sparse] [directories] -- SOURCE
 *   unpack [as NAME] [file] [foreign] [keep] [owners] [attributes] [privileges] [sync] [direct] -- DESTINATION
 *
 * NAME is what the copy is called at the destination, whatever the archive calls it.
 * The archive goes to or comes from the descriptor given. What is to be said goes to `report`, a line each: "!"
 * and a warning; at the end "=BYTES ENTRIES" when all went well, or "-" and why not. */
#ifndef BOXLITE_ARCHIVE_COMMAND_H
#define BOXLITE_ARCHIVE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

/* The exit status: 0 or one of BL_COPY_*. */
int archive_command(const char *const *argv, uint32_t count, int stream, int report);

#endif
