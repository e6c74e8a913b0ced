#ifndef BOXLITE_GUEST_ENTER_H
#define BOXLITE_GUEST_ENTER_H

#include "../../wire/message.h"

enum { ENTERED_FILES = 3 };

/* Descriptors of the mounts over files of /etc, -1 where the box starts without one. Their names would not do later:
 * the image may have made them links to other mounts. */
struct entered {
    int files[ENTERED_FILES];
};

/* Makes the overlay the root of the caller's mount namespace, with /proc, /sys, /dev and the box's own /etc files in
 * place; nothing of the agent's root stays visible. */
int enter_root(struct entered *entered, struct err *err);

/* Then sets what differs from box to box: names, limits, mounts. Closes what enter_root has opened.
 * disks: see mounts_make */
int enter_box(const struct bootstrap *message, struct entered *entered, const int *disks, struct err *err);

#endif
