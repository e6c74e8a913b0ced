#include "control.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../../common/net-control.h"
#include "../system/clock.h"
#include "../system/watch.h"
#include "child.h"
#include "resolvers.h"

/* boxlite-net answers in milliseconds; this only bounds an overloaded host. */
enum { START_MS = 10000 };
/* So neither end's socket ever fills up while its reader writes. */
enum { MAX_OUTSTANDING = 32 };

union received {
    uint32_t type;
    struct net_answer answer;
    struct net_want_resolvers want;
};

static ssize_t transmit(const struct shim *shim, const void *message, size_t size, int fd);
static int await_one(struct shim *shim, struct err *err);
static int wait_readable(struct shim *shim, struct err *err);
static void answer(const struct shim *shim, const union received *message, ssize_t size);
static int it_ended(struct shim *shim, struct err *err);

int net_send(struct shim *shim, const void *message, size_t size, int fd, bool answered, struct err *err) {
    if (answered && shim->net.outstanding >= MAX_OUTSTANDING && net_await(shim, MAX_OUTSTANDING - 1, err))
        return -1;
    if (transmit(shim, message, size, fd) < 0)
        return errno == EPIPE || errno == ECONNRESET ? it_ended(shim, err) : err_errno(err, "send to boxlite-net");
    shim->net.outstanding += answered;
    return 0;
}

int net_await(struct shim *shim, uint32_t left, struct err *err) {
    while (shim->net.outstanding > left)
        if (await_one(shim, err))
            return -1;
    return 0;
}

void net_control_event(struct shim *shim) {
    union received message;
    for (;;) {
        ssize_t n = recv(shim->net.control_fd, &message, sizeof message, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0)
            break;
        answer(shim, &message, n);
    }
    /* SIGCHLD reports its end. */
    watch_remove(&shim->watch, shim->net.control_fd);
}

/* The socket's buffer has room for all that may be outstanding, so this does not block. */
static ssize_t transmit(const struct shim *shim, const void *message, size_t size, int fd) {
    struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = size};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr envelope = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        control.header = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
        envelope.msg_control = &control;
        envelope.msg_controllen = sizeof control.space;
    }
    return sendmsg(shim->net.control_fd, &envelope, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int await_one(struct shim *shim, struct err *err) {
    union received message;
    if (wait_readable(shim, err))
        return -1;
    ssize_t n = recv(shim->net.control_fd, &message, sizeof message, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return it_ended(shim, err);
    if (n != (ssize_t)sizeof message.answer || message.type != NET_ANSWER) {
        answer(shim, &message, n);
        return 0;
    }
    shim->net.outstanding--;
    if (message.answer.code == 0)
        return 0;
    message.answer.text[sizeof message.answer.text - 1] = 0;
    return err_set(err, message.answer.code, "%s", message.answer.text);
}

static int wait_readable(struct shim *shim, struct err *err) {
    struct pollfd fd = {.fd = shim->net.control_fd, .events = POLLIN};
    for (;;) {
        uint64_t waited = clock_monotonic_ms() - shim->net.started_ms;
        int n = poll(&fd, 1, waited < START_MS ? (int)(START_MS - waited) : 0);
        if (n > 0)
            return 0;
        if (n == 0)
            return err_set(err, ETIMEDOUT, "boxlite-net did not answer within %d s", START_MS / 1000);
        if (errno != EINTR)
            return err_errno(err, "wait for boxlite-net");
    }
}

/* Takes what is no answer of its own. */
static void answer(const struct shim *shim, const union received *message, ssize_t size) {
    if (size != (ssize_t)sizeof message->want || message->type != NET_WANT_RESOLVERS)
        return;
    struct net_resolvers resolvers;
    resolvers_read(&resolvers);
    /* It asks again when a name is asked for next. */
    (void)transmit(shim, &resolvers, sizeof resolvers, -1);
}

static int it_ended(struct shim *shim, struct err *err) {
    int status = 0;
    kill(shim->net.pid, SIGKILL); /* nothing to a process that is ending, whose status stays */
    while (waitpid(shim->net.pid, &status, 0) < 0 && errno == EINTR)
        ;
    shim->net.pid = 0;
    net_child_output(shim);
    net_child_epitaph(shim, status, err);
    return -1;
}
