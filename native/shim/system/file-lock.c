#include "file-lock.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/time.h>

static void woken(int signal);

int file_lock(int fd, unsigned ms) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK || ms == 0)
        return -1;
    const struct sigaction wake = {.sa_handler = woken}; /* without SA_RESTART */
    if (sigaction(SIGALRM, &wake, NULL))
        return -1;
    const struct itimerval once = {.it_value = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000}},
                           never = {0};
    if (setitimer(ITIMER_REAL, &once, NULL))
        return -1;
    int result = flock(fd, LOCK_EX);
    setitimer(ITIMER_REAL, &never, NULL);
    if (result == 0)
        return 0;
    errno = EWOULDBLOCK;
    return -1;
}

static void woken(int signal) { (void)signal; }
