/* The files of the output log, oldest first: output.log, output.1.log, output.2.log, … The shim writes to
 * the last. It renames none and uses no number twice: so a reader at the end of a file knows which one follows,
 * however many there were meanwhile, and a shim that is killed between two steps leaves at worst one file too
 * many. */
#ifndef BOXLITE_SHIM_LOG_LOG_FILES_H
#define BOXLITE_SHIM_LOG_LOG_FILES_H

#include <stdint.h>

#include "../../common/err.h"

/* Opens the last one, or creates the first. */
int log_files_open(uint64_t *number, int *fd, struct err *err);
/* Creates file `number`. Returns its descriptor, or -1 with errno. */
int log_files_begin(uint64_t number);
void log_files_remove(uint64_t number);
/* Removes all before `first`. */
void log_files_remove_before(uint64_t first);

#endif
