/* Which file a command's first word names, by the rules of Docker's runtime. */
#ifndef BOXLITE_GUEST_COMMAND_PATH_H
#define BOXLITE_GUEST_COMMAND_PATH_H

#include <stddef.h>

#include "../../common/err.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The value of NAME in a NULL-terminated list of K=V, the last one winning as in Docker; NULL when absent. */
const char *env_value(const char *const *env, const char *name);

/* Fills `path` with the file to execute. Looks in the caller's root and with the caller's effective ids.
 * ENOENT: nothing there (exit status 127); EACCES, EISDIR: it is there and can't be run (126). */
int command_path(const char *name, const char *search, char *path, size_t size, struct err *err);

#endif
