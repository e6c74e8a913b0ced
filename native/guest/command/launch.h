#ifndef BOXLITE_GUEST_LAUNCH_H
#define BOXLITE_GUEST_LAUNCH_H

#include <stdbool.h>

#include "../wire/message.h"

/* What a process holds when it begins to become a command: its streams, 0 to 2 without those that it is not given,
 * and here its report. Nothing else (descriptors_keep): from here on it follows names that are the box's, and one may
 * be /proc/self/fd/N. */
enum { LAUNCH_REPORT = 3 };

struct launch {
    const struct exec_request *request;
    int input, output, error; /* -1: /dev/null */
    int terminal;             /* number in /dev/pts that takes the place of the three, or -1 */
    bool main;                /* a terminal is the box's /dev/console as well */
    bool confined;            /* the process is under its filter of system calls already */
    int report;
};

/* Turns the calling process, which is in the box's namespaces already, into the requested command. What
 * goes wrong is told through `report`. */
_Noreturn void launch(const struct launch *launch);

/* Its two halves. First the process comes to be one of the box's: its streams, directory, limits, user and
 * capabilities are the command's. Then it, or a child of it, executes the command. */
int launch_prepare(const struct launch *launch, struct err *err);
_Noreturn void launch_execute(const struct launch *launch);

/* The capabilities that the command is allowed (bit n = capability n). */
uint64_t launch_capabilities(const struct exec_request *request);
/* May it trace processes of root's without being trusted with all the machine anyhow? */
bool launch_may_trace(const struct exec_request *request);

#endif
