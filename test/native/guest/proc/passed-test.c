#include "guest/proc/passed.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../check.h"

static bool same(int fd, const struct stat *as) {
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == as->st_dev && st.st_ino == as->st_ino;
}

int main(void) {
    int ends[2], fds[PASSED_MOST];
    uint64_t message = 42, received = 0;
    struct stat null;
    struct passed passed = {.count = PASSED_MOST};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) || stat("/dev/null", &null))
        return 2;
    for (int i = 0; i < PASSED_MOST; i++)
        passed.fds[i] = open(i ? "/dev/zero" : "/dev/null", O_RDONLY | O_CLOEXEC);

    check("a message passes without descriptors", passed_send(ends[0], &message, sizeof message, NULL) == 0 &&
                                                      passed_receive(ends[1], &received, sizeof received, fds) == 0 &&
                                                      received == 42 && fds[0] == -1);
    check("as many as there may be pass with one", passed_send(ends[0], &message, sizeof message, &passed) == 0 &&
                                                       passed_receive(ends[1], &received, sizeof received, fds) == 0);
    check("in their order", same(fds[0], &null) && !same(fds[1], &null) && fds[PASSED_MOST - 1] >= 0);
    check("and a program that is executed gets none of them", fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
    passed.count = 1;
    check("the places of those that do not come are -1",
          passed_send(ends[0], &message, sizeof message, &passed) == 0 &&
              passed_receive(ends[1], &received, sizeof received, fds) == 0 && same(fds[0], &null) && fds[1] == -1);
    close(ends[0]);
    check("an end is no message", passed_receive(ends[1], &received, sizeof received, fds) == -1);
    return 0;
}
