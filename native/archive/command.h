/* The words of both ends of a copy: on the host the arguments of boxlite-archive, in a box those of an exec message.
 *
 *   pack [follow-source] [follow-all] [attributes] [sparse] [directories] -- SOURCE
 *   unpack [as NAME] [file] [foreign] [keep] [owners] [attributes] [privileges] [sync] [direct] -- DESTINATION
 *
 * NAME is what the copy is called at the destination, whatever the archive calls it.
 * The archive goes to or comes from the given descriptor. Messages go to `report`, a line each: "!" and a warning;
 * at the end "=BYTES ENTRIES" after success, or "-" and why not. */
#ifndef BOXLITE_ARCHIVE_COMMAND_H
#define BOXLITE_ARCHIVE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

/* The exit status: 0 or one of BL_COPY_*. */
int archive_command(const char *const *argv, uint32_t count, int stream, int report);

#endif
