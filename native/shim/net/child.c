#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../common/net-control.h"
#include "../system/watch.h"

enum { FAILED_STATUS = 127, READ_BYTES = 1024 };

_Noreturn static void run(const struct config *config, pid_t parent, int control, int output);
static int detach(pid_t parent, int control, int output);

int net_child_start(struct shim *shim, struct err *err) {
    int control[2], output[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control))
        return err_errno(err, "can't make a socket for boxlite-net");
    shim->net.control_fd = control[0];
    cleanup_fd int their_control = control[1];
    if (pipe2(output, O_CLOEXEC))
        return err_errno(err, "can't make a pipe for boxlite-net");
    shim->net.output_fd = output[0];
    cleanup_fd int their_output = output[1];
    if (fcntl(shim->net.output_fd, F_SETFL, O_NONBLOCK))
        return err_errno(err, "can't make a pipe for boxlite-net");
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        run(&shim->config, parent, their_control, their_output);
    if (pid < 0)
        return err_errno(err, "can't start boxlite-net");
    shim->net.pid = pid;
    return 0;
}

void net_child_end(struct shim *shim) {
    struct net *net = &shim->net;
    if (net->control_fd >= 0)
        close(net->control_fd);
    net->control_fd = -1;
    if (net->pid) {
        kill(net->pid, SIGKILL);
        while (waitpid(net->pid, NULL, 0) < 0 && errno == EINTR)
            ;
        net->pid = 0;
    }
    if (net->output_fd >= 0)
        close(net->output_fd);
    net->output_fd = -1;
    if (net->ids_fd >= 0)
        close(net->ids_fd); /* its user is free now */
    net->ids_fd = -1;
}

void net_child_output(struct shim *shim) {
    uint8_t bytes[READ_BYTES];
    while (shim->net.output_fd >= 0) {
        ssize_t n = read(shim->net.output_fd, bytes, sizeof bytes);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n > 0) {
            tail_add(&shim->net.tail, bytes, (size_t)n);
            continue;
        }
        watch_remove(&shim->watch, shim->net.output_fd);
        close(shim->net.output_fd);
        shim->net.output_fd = -1;
    }
}

void net_child_epitaph(const struct shim *shim, int status, struct err *err) {
    const struct tail *tail = &shim->net.tail;
    size_t end = tail->used;
    while (end && tail->bytes[end - 1] == '\n')
        end--;
    size_t begin = end;
    while (begin && tail->bytes[begin - 1] != '\n' && end - begin < 180)
        begin--;
    const char *colon = end > begin ? ": " : "";
    int length = (int)(end - begin);
    const char *words = (const char *)tail->bytes + begin;
    if (WIFSIGNALED(status))
        err_set(err, EPIPE, "boxlite-net was killed by signal %d%s%.*s", WTERMSIG(status), colon, length, words);
    else
        err_set(err, EPIPE, "boxlite-net ended with status %d%s%.*s", WEXITSTATUS(status), colon, length, words);
}

static void run(const struct config *config, pid_t parent, int control, int output) {
    char *argv[] = {(char[]){"boxlite-net"}, NULL};
    char *env[] = {(char[]){"PATH=/usr/bin:/bin"}, (char[]){"LC_ALL=C"}, NULL};
    if (detach(parent, control, output) == 0)
        execve(config->net.program, argv, env);
    dprintf(STDERR_FILENO, "can't run %s: %s\n", config->net.program, strerror(errno));
    _exit(FAILED_STATUS);
}

/* As the VMM in jail/run.c: it dies with the shim, no signal of a terminal reaches it, and it has none of the shim's
 * descriptors, settings of signals or directory. It gives up its user and everything else by itself, once it has
 * been told which. */
static int detach(pid_t parent, int control, int output) {
    static const struct rlimit no_core = {0, 0};
    sigset_t none;
    sigemptyset(&none);
    /* The shim's own 0 and 1 are /dev/null. */
    if (dup2(output, STDERR_FILENO) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL))
        return -1;
    if (getppid() != parent) {
        errno = ESRCH;
        return -1;
    }
    if (setsid() < 0 || signal(SIGPIPE, SIG_DFL) == SIG_ERR || sigprocmask(SIG_SETMASK, &none, NULL) || chdir("/") ||
        setrlimit(RLIMIT_CORE, &no_core) || dup2(control, NET_CONTROL_FD) < 0)
        return -1;
    return close_range(NET_CONTROL_FD + 1, ~0U, 0);
}
