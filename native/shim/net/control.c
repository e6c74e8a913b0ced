#include "control.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../broker/broker.h"
#include "../system/clock.h"
#include "../system/fd-message.h"
#include "child.h"
#include "links.h"

/* boxlite-net answers in milliseconds; this only bounds an overloaded host. */
enum { START_MS = 10000 };
/* So neither end's socket ever fills up while its reader writes. */
enum { MAX_OUTSTANDING = 32 };

static ssize_t transmit(const struct shim *shim, const void *message, size_t size, int fd);
static int await_one(struct shim *shim, struct err *err);
static int wait_readable(struct shim *shim, struct err *err);
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

int net_post(const struct shim *shim, const void *message, size_t size, int fd, struct err *err) {
    if (shim->net.control_fd < 0)
        return err_set(err, ENETDOWN, "the box has %s network", *shim->config.net.program ? "lost its" : "no");
    return transmit(shim, message, size, fd) < 0 ? err_errno(err, "send to boxlite-net") : 0;
}

ssize_t net_receive(const struct shim *shim, union net_received *message) {
    ssize_t n = recv(shim->net.control_fd, message, sizeof *message, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return n <= 0 ? -1 : n;
}

bool net_is_answer(union net_received *message, ssize_t size) {
    if (size != (ssize_t)sizeof message->answer || message->type != NET_ANSWER)
        return false;
    message->answer.text[sizeof message->answer.text - 1] = 0;
    return true;
}

void net_answer_question(struct shim *shim, const union net_received *message, ssize_t size) {
    if (size == (ssize_t)sizeof message->lost && message->type == NET_LINK_LOST) {
        struct link_config *link = link_by_id(shim, message->lost.id);
        if (link)
            link_lost(shim, link);
        return;
    }
    if (size != (ssize_t)sizeof message->want || message->type != NET_WANT_RESOLVERS)
        return;
    struct net_resolvers resolvers;
    struct err ignored;
    /* It asks again when a name is asked for next. */
    if (broker_resolvers(shim, &resolvers, &ignored) == 0)
        (void)transmit(shim, &resolvers, sizeof resolvers, -1);
}

/* The socket's buffer has room for all that may be outstanding, so this does not block. */
static ssize_t transmit(const struct shim *shim, const void *message, size_t size, int fd) {
    return fd_message_send(shim->net.control_fd, message, size, fd, MSG_DONTWAIT);
}

static int await_one(struct shim *shim, struct err *err) {
    union net_received message;
    if (wait_readable(shim, err))
        return -1;
    ssize_t n = net_receive(shim, &message);
    if (n < 0)
        return it_ended(shim, err);
    if (n == 0)
        return 0;
    if (!net_is_answer(&message, n)) {
        net_answer_question(shim, &message, n);
        return 0;
    }
    shim->net.outstanding--;
    return message.answer.code ? err_set(err, message.answer.code, "%s", message.answer.text) : 0;
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
