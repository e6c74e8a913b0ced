/* How a process that is about to become a command reports to the agent how far it came. The descriptor is
 * close-on-exec: its end without a failure before it means that execve has succeeded. */
#ifndef BOXLITE_GUEST_REPORT_H
#define BOXLITE_GUEST_REPORT_H

#include <stdint.h>
#include <sys/types.h>

#include "../../common/err.h"

enum report_kind { REPORT_ENTERED = 1, REPORT_STARTING = 2, REPORT_FAILED = 3 };

struct report {
    uint32_t kind;
    uint32_t stage; /* of a failure */
    pid_t pid;      /* in the box, of what is starting */
    struct err err; /* of a failure */
};

void report_entered(int fd);
void report_starting(int fd);
/* Sends the failure and ends the process. */
_Noreturn void report_failed(int fd, uint32_t stage, const struct err *err);

/* The agent's end, which does not block: 1 and a report, 0 when there is none yet, -1 when no other can follow. A
 * tracer of the process can write anything in its name, so the text always ends within the record. */
int report_read(int fd, struct report *report);

#endif
