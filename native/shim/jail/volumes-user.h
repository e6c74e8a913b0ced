/* The user of a VMM with volumes: root of a user namespace that owns nothing but the volumes' files. */
#ifndef BOXLITE_SHIM_JAIL_VOLUMES_USER_H
#define BOXLITE_SHIM_JAIL_VOLUMES_USER_H

#include "jail.h"

/* Creates the namespace. For a VMM with an id of its own, jail->user_namespace holds it for the mounts, and
 * volumes_user enters it. Otherwise the caller's id becomes root's, and the child enters at once, since an ordinary
 * user may mount only there. */
int volumes_user_prepare(struct jail *jail, struct err *err);

/* Becomes root of the namespace, with no right but those over the owner, group and mode of the volumes'
 * files. Does nothing for a box without volumes. */
int volumes_user(struct jail *jail, struct err *err);

#endif
