#ifndef BOXLITE_GUEST_WHO_H
#define BOXLITE_GUEST_WHO_H

#include "identity-files.h"

/* who_resolve with the /etc/passwd and /etc/group of the caller's root. */
int who_find(const char *spec, struct who *who, struct err *err);

#endif
