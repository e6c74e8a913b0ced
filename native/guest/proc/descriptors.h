/* The descriptors of a process that the box may come to control. */
#ifndef BOXLITE_GUEST_DESCRIPTORS_H
#define BOXLITE_GUEST_DESCRIPTORS_H

#include "../../common/err.h"

/* Gives the `count` descriptors the numbers 0, 1, 2 … in their order and closes all others; where one is -1, the
 * number stays free. A command inherits 0 to 2, the others are close-on-exec. */
int descriptors_keep(const int *kept, int count, struct err *err);

#endif
