#include "serve.h"

#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/fd-message.h"
#include "../system/title.h"
#include "hook-process.h"
#include "hub.h"
#include "message.h"
#include "ports.h"
#include "resolvers.h"

enum { SHIM_FD = 3 };

static int detach(const struct config *config, pid_t parent, int socket);
static int serve(const struct config *config, struct broker_request *request, struct broker_answer *answer, int *fd,
                 struct err *err);
static int run_hook(const struct config *config, struct broker_answer *answer, struct err *err);
static void kill_hook(void);
static int join(const struct config *config, struct broker_request *request, int *fd, struct err *err);
static int bind_port(const struct published_port *port, struct broker_answer *answer, int *fd, struct err *err);

/* The hook that ran last. Its number may be another process's once the shim has waited for it. */
static pid_t hook;
static int hook_handle = -1;

void broker_serve(const struct config *config, pid_t parent, int socket) {
    static struct broker_request request;
    if (detach(config, parent, socket))
        _exit(1);
    for (;;) {
        cleanup_fd int unasked = -1;
        ssize_t n = fd_message_receive(SHIM_FD, &request, sizeof request, &unasked);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(0);
        struct broker_answer answer = {0};
        cleanup_fd int fd = -1;
        answer.failed = n != (ssize_t)sizeof request ? err_set(&answer.err, EPROTO, "this is no request")
                                                     : serve(config, &request, &answer, &fd, &answer.err);
        (void)fd_message_send(SHIM_FD, &answer, sizeof answer, fd, 0);
    }
}

/* It has none of the shim's descriptors: a lock or a lifeline that it held would look like the shim's. */
static int detach(const struct config *config, pid_t parent, int socket) {
    sigset_t ends;
    /* Whoever ends all of a service or a terminal ends the shim in good order, which may need this until then. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &ends, NULL))
        return -1;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent || setsid() < 0 || chdir("/"))
        return -1;
    if ((config->walls & BL_WALL_SHIM_CALLS) && prctl(PR_SET_DUMPABLE, 0))
        return -1;
    title_set("boxlite-broker");
    return socket != SHIM_FD && dup2(socket, SHIM_FD) < 0 ? -1 : close_range(SHIM_FD + 1, ~0U, 0);
}

/* Whoever has taken the shim over may ask as well, so each value is looked at. */
static int serve(const struct config *config, struct broker_request *request, struct broker_answer *answer, int *fd,
                 struct err *err) {
    switch (request->kind) {
    case BROKER_RUN_HOOK:
        return run_hook(config, answer, err);
    case BROKER_KILL_HOOK:
        kill_hook();
        return 0;
    case BROKER_JOIN:
        return join(config, request, fd, err);
    case BROKER_BIND:
        return bind_port(&request->port, answer, fd, err);
    case BROKER_RESOLVERS:
        resolvers_read(&answer->resolvers);
        return 0;
    }
    return err_set(err, EPROTO, "this is no request");
}

static int run_hook(const struct config *config, struct broker_answer *answer, struct err *err) {
    struct pollfd ended = {.fd = hook_handle, .events = POLLIN};
    if (hook_handle >= 0 && poll(&ended, 1, 0) == 0)
        return err_set(err, EBUSY, "the hook runs already");
    if (hook_handle >= 0)
        close(hook_handle);
    hook = answer->pid = hook_process_start(config, &hook_handle);
    return hook < 0 ? err_errno(err, "run the hook") : 0;
}

/* TERM would not end a stopped one. */
static void kill_hook(void) {
    if (hook_handle >= 0)
        syscall(SYS_pidfd_send_signal, hook_handle, SIGKILL, NULL, 0);
    else if (hook > 0)
        kill(hook, SIGKILL);
}

static int join(const struct config *config, struct broker_request *request, int *fd, struct err *err) {
    struct link_config *link = &request->link;
    link->network[NETWORK_ID_BYTES] = 0;
    link->names[HUB_NAMES_BYTES] = 0;
    if (!config_has_hubs(&config->net))
        return err_set(err, ENOTSUP, "the box has no named networks");
    if (config_link_check(link, err))
        return -1;
    /* A hub is replaced only when it has had its time. */
    uint32_t answer_ms = request->replace && request->answer_ms < HUB_ANSWER_MS ? HUB_ANSWER_MS : request->answer_ms;
    *fd = hub_join(config, link, request->lock_ms, answer_ms, request->replace, err);
    return *fd < 0 ? -1 : 0;
}

static int bind_port(const struct published_port *port, struct broker_answer *answer, int *fd, struct err *err) {
    if ((port->protocol != BL_IP_TCP && port->protocol != BL_IP_UDP) || port->host_port > UINT16_MAX)
        return err_set(err, EINVAL, "this is no port");
    answer->port = *port;
    *fd = port_bind(&answer->port, err);
    return *fd < 0 ? -1 : 0;
}
