/* Who the VMM of a box with volumes is: root of a user namespace that owns nothing but the volumes' files. */
#ifndef BOXLITE_SHIM_JAIL_VOLUMES_USER_H
#define BOXLITE_SHIM_JAIL_VOLUMES_USER_H

#include "jail.h"

/* Makes the namespace. With an id of its own it is in jail->user_namespace, for the mounts, and is entered later; else the
 * caller's own id becomes root's and it is entered at once, since only there an ordinary user may mount. */
int volumes_user_prepare(struct jail *jail, struct err *err);

/* Becomes root of the namespace, with no right but those over the owner, group and mode of the volumes'
 * files. Does nothing for a box without volumes. */
int volumes_user(struct jail *jail, struct err *err);

#endif
