#ifndef BOXLITE_GUEST_LAUNCH_H
#define BOXLITE_GUEST_LAUNCH_H

#include <stdbool.h>

#include "../wire/message.h"

/* The descriptors of a process that begins to become a command: its streams at 0 to 2, except those that it does not
 * get, and its report here. It holds nothing else (descriptors_keep): from here on it follows names that are the
 * box's, and one may be /proc/self/fd/N. */
enum { LAUNCH_REPORT = 3 };

struct launch {
    const struct exec_request *request;
    int input, output, error; /* -1: /dev/null */
    int terminal;             /* number in /dev/pts that takes the place of the three, or -1 */
    bool main;                /* a terminal is the box's /dev/console as well */
    bool confined;            /* the process is under its filter of system calls already */
    int report;
};

/* Turns the calling process, which is in the box's namespaces already, into the requested command. Failures go to
 * `report`. */
_Noreturn void launch(const struct launch *launch);

/* Its two halves. First the process becomes one of the box's: it gets the command's streams, directory, limits, user
 * and capabilities. Then it, or a child of it, executes the command. */
int launch_prepare(const struct launch *launch, struct err *err);
_Noreturn void launch_execute(const struct launch *launch);

/* The capabilities that the command is allowed (bit n = capability n). */
uint64_t launch_capabilities(const struct exec_request *request);
/* Whether it may trace root's processes, though it may not use the whole machine anyway. */
bool launch_may_trace(const struct exec_request *request);

#endif
