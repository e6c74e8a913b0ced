/* The words of both ends of a copy: on the host the arguments of boxlite-archive, in a box those of an exec message.
 *
 *   pack [within DIRECTORY] [follow-source] [follow-all] [attributes] [as-root] [sparse] [directories] -- SOURCE
 *   unpack [within DIRECTORY] [as NAME] [file] [foreign] [top] [keep] [owners] [attributes] [privileges] [sync] [direct]
 *     -- DESTINATION
 *   copy SOURCE -- DESTINATION
 *
 * copy copies all of a directory into an empty one, both on the host, and writes it back; the tree is hostile.
 * DIRECTORY is the root of SOURCE or DESTINATION: no link leads out of it. In a box "volume SERIAL" stands for a disk's.
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
