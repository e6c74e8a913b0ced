#ifndef BOXLITE_GUEST_LAUNCH_H
#define BOXLITE_GUEST_LAUNCH_H

#include <stdbool.h>

#include "message.h"

struct launch {
    const struct exec_request *request;
    int input, output, error; /* -1: /dev/null */
    int terminal;             /* number in /dev/pts that takes the place of the three, or -1 */
    bool main;                /* a terminal is the box's /dev/console as well */
    int report;
};

/* Turns the calling process, which is in the box's namespaces already, into the requested command. What
 * goes wrong is told through `report`. */
_Noreturn void launch(const struct launch *launch);

#endif
