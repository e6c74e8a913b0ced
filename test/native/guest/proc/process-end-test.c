#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check.h"
#include "guest/proc/process-end.h"

static void test_stat(void) {
    int status = 0;
    check("a status is read", process_end_read("42 (sh) Z 7 42 42 0 42 4194560 1 2 3 4 150 25 5 6 25 5 1 0 9 0 0 2 "
                                               "0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 1792\n",
                                               &status) &&
                                  WIFEXITED(status) && WEXITSTATUS(status) == 7);
    check("one that runs has none",
          !process_end_read("42 (sh) S 7 42 42 0 42 4194560 1 2 3 4 150 25 5 6 25 5 1 0 9 0 0 2 "
                            "0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
                            &status));
    check("nor has what is no stat line", !process_end_read("", &status) && !process_end_read("42 (sh) Z", &status));
}

/* The tracer is not the process's parent, and never waits for it. */
static void test_traced(void) {
    int orders[2], reports[2], status = 0;
    char byte = 0;
    check("pipes are made", pipe(orders) == 0 && pipe(reports) == 0);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        _exit(read(orders[0], &byte, 1) == 1 ? 7 : 1);
    }
    pid_t tracer = fork();
    if (tracer == 0) {
        while (ptrace(PTRACE_SEIZE, child, 0, 0))
            ;
        _exit(write(reports[1], "", 1) == 1 ? pause() : 1);
    }
    struct pollfd end = {.fd = process_end_open(child), .events = POLLIN};
    check("it is traced", read(reports[0], &byte, 1) == 1);
    check("one that runs has not ended", poll(&end, 1, 0) == 0 && !process_end_seen(child, &status));
    check("it is told to end", write(orders[1], "", 1) == 1);
    check("its end is reported", poll(&end, 1, 10000) == 1);
    check("but its parent can't reap it", waitpid(child, NULL, WNOHANG) == 0);
    check("how it ended can be seen", process_end_seen(child, &status) && WEXITSTATUS(status) == 7);
    kill(tracer, SIGKILL);
    waitpid(tracer, NULL, 0);
    check("it is its parent's once the tracer has ended", waitpid(child, &status, 0) == child);
    check("and ended as was seen", WIFEXITED(status) && WEXITSTATUS(status) == 7);
    check("then there is nothing to see", !process_end_seen(child, &status));
}

int main(void) {
    test_stat();
    test_traced();
    return 0;
}
