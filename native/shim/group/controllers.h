/* What the kernel bounds in a control group. A group has what the one above it passes on. */
#ifndef BOXLITE_SHIM_GROUP_CONTROLLERS_H
#define BOXLITE_SHIM_GROUP_CONTROLLERS_H

#include <stdint.h>

#include "../../common/err.h"
#include "place.h"

enum {
    CONTROLLER_MEMORY = 1 << 0,
    CONTROLLER_PIDS = 1 << 1,
    CONTROLLER_CPU = 1 << 2,
    CONTROLLER_IO = 1 << 3,
    /* Without these a group is no wall. */
    CONTROLLERS_NEEDED = CONTROLLER_MEMORY | CONTROLLER_PIDS,
};

/* Long enough for all of their names. */
enum { CONTROLLER_NAMES_BYTES = 32 };

/* Those that the group has, and those that it passes on. */
uint32_t controllers_of(int group);
uint32_t controllers_passed(int group);
/* EOPNOTSUPP: the group lacks a needed one. */
int controllers_check(int group, const struct place *place, struct err *err);
/* Has the group pass on all that it has of them. A refusal counts if it is one of a needed one. */
int controllers_pass(int group, const char *path, struct err *err);
/* "memory pids" */
void controllers_names(uint32_t controllers, char to[CONTROLLER_NAMES_BYTES]);

#endif
