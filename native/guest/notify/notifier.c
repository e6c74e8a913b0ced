#include "notifier.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../proc/descriptors.h"
#include "../proc/passed.h"
#include "../proc/spawn.h"
#include "filter.h"
#include "serve.h"

/* Its descriptors, after the agent's console. */
enum { HOST = 3, FIRST_LISTENER, KEPT };

static int begin(const struct bootstrap *message, pid_t first, int host, int listener, struct err *err);
static int pass_listener(int socket, struct err *err);
static int await(int socket, struct err *err);

bool notify_wanted(const struct bootstrap *message) {
    for (uint32_t i = 0; i < message->mount_count; i++)
        if (message->mounts[i].notify)
            return true;
    return false;
}

/* The box's first process is older than this, and so has a filter of its own; the others inherit the agent's. */
int notifier_start(const struct bootstrap *message, pid_t first, int first_pidfd, struct err *err) {
    int pair[2];
    cleanup_fd int listener = (int)syscall(SYS_pidfd_getfd, first_pidfd, NOTIFY_LISTENER_FD, 0);
    if (listener < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return err_errno(err, "can't begin to answer for inotify");
    cleanup_fd int ours = pair[0];
    pid_t child = spawn(0, -1);
    if (child == 0) {
        struct err why = {0};
        int failed = begin(message, first, pair[1], listener, &why);
        if (send(failed ? pair[1] : HOST, &why, sizeof why, MSG_NOSIGNAL) < 0 || failed)
            _exit(1);
        notify_serve();
    }
    close(pair[1]);
    if (child < 0)
        return err_errno(err, "can't start the process that answers for inotify");
    if (await(ours, err) || pass_listener(ours, err))
        return -1;
    if (fcntl(ours, F_SETFL, O_NONBLOCK))
        return err_errno(err, "can't talk to the process that answers for inotify");
    return take_fd(&ours);
}

static int begin(const struct bootstrap *message, pid_t first, int host, int listener, struct err *err) {
    const int kept[KEPT] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, host, listener};
    if (descriptors_keep(kept, KEPT, err))
        return -1;
    return notify_prepare(message, first, HOST, FIRST_LISTENER, err);
}

static int pass_listener(int socket, struct err *err) {
    struct passed passed = {.count = 1};
    cleanup_fd int listener = notify_filter_install(err);
    if (listener < 0)
        return -1;
    passed.fds[0] = listener;
    char byte = 0;
    return passed_send(socket, &byte, 1, &passed) ? err_errno(err, "can't pass the listener for inotify") : 0;
}

static int await(int socket, struct err *err) {
    struct err why;
    ssize_t size = recv(socket, &why, sizeof why, 0);
    if (size != (ssize_t)sizeof why)
        return err_set(err, ESRCH, "the process that answers for inotify has died");
    if (why.code)
        *err = why;
    return why.code ? -1 : 0;
}
