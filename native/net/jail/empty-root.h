/* A root directory with nothing in it, and namespaces of its own. */
#ifndef BOXLITE_NET_JAIL_EMPTY_ROOT_H
#define BOXLITE_NET_JAIL_EMPTY_ROOT_H

#include <stdbool.h>

/* As far as the host allows it.
 * namespaces: CLONE_NEW*, besides that of mounts
 * keeps_user: whoever may make none may in a user namespace, in which there is no other user to become */
void empty_root_enter(int namespaces, bool keeps_user);

#endif
