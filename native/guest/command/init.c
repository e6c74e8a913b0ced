#include "init.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool ends(int number);
static void reap(pid_t child);

void init_begin(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    prctl(PR_SET_NAME, "init");
}

_Noreturn void init_run(pid_t child) {
    sigset_t all;
    sigfillset(&all);
    for (;;) {
        int received = sigwaitinfo(&all, NULL);
        if (received == SIGCHLD)
            reap(child);
        else if (received > 0 && child)
            kill(child, received);
        else if (received > 0 && ends(received))
            _exit(128 + received);
    }
}

/* Any signal may be the stop signal: an idle box ends by it as any command without a handler would. */
static bool ends(int number) {
    switch (number) {
    case SIGCONT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGURG:
    case SIGWINCH:
        return false;
    default:
        return true;
    }
}

static void reap(pid_t child) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (child && pid == child)
            _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}
