#ifndef BOXLITE_GUEST_MODULES_H
#define BOXLITE_GUEST_MODULES_H

#include "../../common/err.h"

/* Loads the files that /modules/list of the initramfs names, one path a line, in load order, then removes
 * them so that they do not stay in memory. A module that fails is reported on the console and passed over:
 * whatever needs it names what is missing. */
void modules_load(int initramfs);

/* For a box that may load modules: mounts those on the disk with this serial at ROOT_MODULES, and has the kernel load
 * from there what it asks for itself. Until then it asks nobody. */
int modules_offer(const char *serial, struct err *err);

#endif
