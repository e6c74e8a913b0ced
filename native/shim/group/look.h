/* Whether groups of VMMs could be made here. Makes nothing. */
#ifndef BOXLITE_SHIM_GROUP_LOOK_H
#define BOXLITE_SHIM_GROUP_LOOK_H

#include <limits.h>

#include "../../common/err.h"
#include "controllers.h"

/* The path of the group of all VMMs, which may be missing, and the controllers that each would have. */
int group_look(char path[PATH_MAX], char controllers[CONTROLLER_NAMES_BYTES], struct err *err);

#endif
