/* What QEMU's 9p does by a name that is gone, to a file that it still has open. */
#ifndef BOXLITE_PRELOAD_LOST_NAME_H
#define BOXLITE_PRELOAD_LOST_NAME_H

#include <sys/types.h>

/* Opens `name`, and if that is gone the file that QEMU has open under it. */
int lost_name_open(int directory, const char *name, int flags, mode_t mode);

#endif
