#ifndef BOXLITE_GUEST_MODULES_H
#define BOXLITE_GUEST_MODULES_H

/* Loads the files that /modules/list of the initramfs names, one path a line, in load order, then removes
 * them so that they do not stay in memory. A module that fails is reported on the console and passed over:
 * whatever needs it names what is missing. */
void modules_load(int initramfs);

#endif
