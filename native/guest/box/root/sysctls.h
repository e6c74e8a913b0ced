#ifndef BOXLITE_GUEST_SYSCTLS_H
#define BOXLITE_GUEST_SYSCTLS_H

#include "../../wire/message.h"

/* Sets the kernel's parameters that a box is to have, in their order. To be called in the box's namespaces, some of
 * them being theirs, and before anything of the box's runs. */
int sysctls_write(const struct bootstrap *message, struct err *err);

#endif
