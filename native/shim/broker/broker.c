#include "broker.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/fd-message.h"
#include "message.h"
#include "serve.h"

static bool is_needed(const struct config *config);
static int call(struct shim *shim, const struct broker_request *request, struct broker_answer *answer, int *fd,
                struct err *err);

int broker_start(struct shim *shim, struct err *err) {
    int pair[2];
    if (!is_needed(&shim->config))
        return 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return err_errno(err, "make a socket for the broker");
    shim->broker.fd = pair[0];
    cleanup_fd int theirs = pair[1];
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        broker_serve(&shim->config, parent, theirs);
    if (pid < 0)
        return err_errno(err, "start the broker");
    shim->broker.pid = pid;
    return 0;
}

/* A client may change its mind about the hook while the box runs. */
static bool is_needed(const struct config *config) { return *config->net.program || config->exit_argv[0]; }

void broker_end(struct shim *shim) {
    if (shim->broker.fd >= 0)
        close(shim->broker.fd);
    shim->broker.fd = -1;
    while (shim->broker.pid && waitpid(shim->broker.pid, NULL, 0) < 0 && errno == EINTR)
        ;
    shim->broker.pid = 0;
}

pid_t broker_run_hook(struct shim *shim) {
    struct broker_answer answer;
    struct err err;
    if (call(shim, &(struct broker_request){.kind = BROKER_RUN_HOOK}, &answer, NULL, &err) == 0)
        return answer.pid;
    errno = err.code;
    return -1;
}

void broker_kill_hook(struct shim *shim) {
    struct broker_answer answer;
    struct err ignored;
    (void)call(shim, &(struct broker_request){.kind = BROKER_KILL_HOOK}, &answer, NULL, &ignored);
}

int broker_join(struct shim *shim, const struct link_config *link, unsigned lock_ms, unsigned answer_ms, bool replace,
                struct err *err) {
    const struct broker_request request = {
        .kind = BROKER_JOIN, .lock_ms = lock_ms, .answer_ms = answer_ms, .replace = replace, .link = *link};
    struct broker_answer answer;
    int fd;
    return call(shim, &request, &answer, &fd, err) ? -1 : fd;
}

int broker_bind(struct shim *shim, struct published_port *port, struct err *err) {
    struct broker_answer answer;
    int fd;
    if (call(shim, &(struct broker_request){.kind = BROKER_BIND, .port = *port}, &answer, &fd, err))
        return -1;
    port->host_port = answer.port.host_port;
    return fd;
}

int broker_resolvers(struct shim *shim, struct net_resolvers *to, struct err *err) {
    struct broker_answer answer;
    if (call(shim, &(struct broker_request){.kind = BROKER_RESOLVERS}, &answer, NULL, err))
        return -1;
    *to = answer.resolvers;
    return 0;
}

/* fd: where the descriptor goes that the answer must bring; NULL: it brings none. */
static int call(struct shim *shim, const struct broker_request *request, struct broker_answer *answer, int *fd,
                struct err *err) {
    int came;
    ssize_t n = fd_message_send(shim->broker.fd, request, sizeof *request, -1, 0);
    while (n >= 0 && (n = fd_message_receive(shim->broker.fd, answer, sizeof *answer, &came)) < 0 && errno == EINTR)
        n = 0;
    if (n != (ssize_t)sizeof *answer)
        return err_set(err, EPIPE, "the shim's broker has ended");
    if (answer->failed) {
        *err = answer->err;
        return -1;
    }
    if (fd && (*fd = came) < 0)
        return err_set(err, EMFILE, "the shim has too many files open");
    return 0;
}
