#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

static void note(int signal_number);

static volatile sig_atomic_t requested;
static bool holds;
static sigset_t otherwise;

void stop_hold(void) {
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = note};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&held, signals[i]);
    sigprocmask(SIG_BLOCK, &held, &otherwise);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], &action, NULL);
        sigdelset(&otherwise, signals[i]); /* whoever started us may have blocked them */
    }
    holds = true;
}

int stop_await(int fd) {
    struct pollfd one = {.fd = fd, .events = POLLIN};
    if (!holds)
        return 0;
    for (;;) {
        int ready = ppoll(&one, 1, NULL, &otherwise);
        if (requested) {
            errno = EINTR;
            return -1;
        }
        if (ready >= 0 || errno != EINTR)
            return ready < 0 ? -1 : 0;
    }
}

bool stop_requested(void) { return requested; }

static void note(int signal_number) {
    (void)signal_number;
    requested = 1;
}
