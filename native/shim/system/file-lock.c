#include "file-lock.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

static void woken(int signal);

int file_lock(int fd, unsigned seconds) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK || seconds == 0)
        return -1;
    const struct sigaction wake = {.sa_handler = woken}; /* without SA_RESTART */
    if (sigaction(SIGALRM, &wake, NULL))
        return -1;
    alarm(seconds);
    int result = flock(fd, LOCK_EX);
    alarm(0);
    if (result == 0)
        return 0;
    errno = EWOULDBLOCK;
    return -1;
}

static void woken(int signal) { (void)signal; }
