#ifndef BOXLITE_GUEST_WHO_H
#define BOXLITE_GUEST_WHO_H

#include "identity-files.h"

/* who_resolve and who_join with the /etc/passwd and /etc/group of the caller's root. */
int who_find(const char *spec, const char *const *groups, uint32_t count, struct who *who, struct err *err);

#endif
