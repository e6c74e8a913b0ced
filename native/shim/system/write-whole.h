#ifndef BOXLITE_SHIM_SYSTEM_WRITE_WHOLE_H
#define BOXLITE_SHIM_SYSTEM_WRITE_WHOLE_H

#include <stddef.h>

/* Writes n bytes, in as many calls as that takes. Returns 0, or -1 with errno. */
int write_whole(int fd, const void *bytes, size_t n);

#endif
