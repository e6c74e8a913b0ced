/* The user of the VMM. */
#ifndef BOXLITE_SHIM_JAIL_USER_H
#define BOXLITE_SHIM_JAIL_USER_H

#include "../base/jail.h"

/* Root's VMM becomes a user that owns nothing, so that taking it over gains nothing; with volumes, root of a user
 * namespace that owns nothing but the volumes' files. Another user's VMM stays that user. None keeps a capability but
 * those over the owner, group and mode of the volumes' files. */
int user_become(struct jail *jail, struct err *err);

#endif
