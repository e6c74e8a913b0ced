#include "report.h"

#include <errno.h>
#include <unistd.h>

static void send_report(int fd, const struct report *report);

void report_entered(int fd) { send_report(fd, &(struct report){.kind = REPORT_ENTERED}); }

void report_starting(int fd) { send_report(fd, &(struct report){.kind = REPORT_STARTING, .pid = getpid()}); }

_Noreturn void report_failed(int fd, uint32_t stage, const struct err *err) {
    send_report(fd, &(struct report){.kind = REPORT_FAILED, .stage = stage, .err = *err});
    _exit(127);
}

int report_read(int fd, struct report *report) {
    ssize_t size;
    do
        size = read(fd, report, sizeof *report);
    while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN)
        return 0;
    if (size != (ssize_t)sizeof *report)
        return -1;
    report->err.msg[sizeof report->err.msg - 1] = 0;
    return 1;
}

/* A report that can't be sent means that the agent has ended, and the VM with it. */
static void send_report(int fd, const struct report *report) {
    ssize_t ignored = write(fd, report, sizeof *report);
    (void)ignored;
}
