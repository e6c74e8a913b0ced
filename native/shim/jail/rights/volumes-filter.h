/* What a VMM with volumes must not do to the host's files, whatever its guest asks for. */
#ifndef BOXLITE_SHIM_JAIL_VOLUMES_FILTER_H
#define BOXLITE_SHIM_JAIL_VOLUMES_FILTER_H

#include "../base/jail.h"

/* Refuses (EPERM) to give any file set-user-ID or set-group-ID: a program that a guest leaves in a volume must
 * not become whoever owns it on the host. Lasts beyond exec, and holds beside the VMM's own filter. Does
 * nothing for a box without volumes. */
int volumes_filter(struct jail *jail, struct err *err);

#endif
