#ifndef BOXLITE_GUEST_SECCOMP_H
#define BOXLITE_GUEST_SECCOMP_H

#include <stdint.h>

#include "../../wire/message.h"

/* Puts the calling process, and all that come of it, under the filter of a box with these capabilities, and takes
 * new privileges from them, each as far as the request says. It comes before the process gives up its own
 * capabilities: without no_new_privs only one with CAP_SYS_ADMIN may filter itself. */
int seccomp_confine(const struct exec_request *request, uint64_t capabilities, struct err *err);

#endif
