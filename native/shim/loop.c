#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box/records.h"
#include "ending/ending.h"
#include "ending/hook.h"
#include "net/child.h"
#include "net/net.h"
#include "notify/notify.h"
#include "peers/guest-port.h"
#include "relay/clients.h"
#include "relay/from-guest.h"
#include "relay/pause.h"
#include "requests/links.h"
#include "requests/net-event.h"
#include "session/health.h"
#include "system/watch.h"
#include "vmm/output.h"
#include "vmm/vmm.h"

enum { OCCURRENCES = 64 };

static void dispatch(struct shim *shim, const struct occurrence *what);
static void settle(struct shim *shim);
static void on_signals(struct shim *shim);
static void on_children(struct shim *shim);
static void on_deadline(struct shim *shim);
static void on_lifeline(struct shim *shim);

int loop_open(struct shim *shim, struct err *err) {
    sigset_t signals;
    sigemptyset(&signals);
    const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&signals, numbers[i]);
    if (sigprocmask(SIG_BLOCK, &signals, NULL))
        return err_errno(err, "block signals");
    if (watch_open(&shim->watch, err))
        return -1;
    shim->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (shim->signal_fd < 0)
        return err_errno(err, "make a descriptor for signals");
    if (watch_add(&shim->watch, shim->signal_fd, ON_SIGNAL, 0, EPOLLIN) ||
        watch_add(&shim->watch, shim->listen_fd, ON_LISTENER, 0, EPOLLIN) ||
        watch_add(&shim->watch, LIFELINE_FD, ON_LIFELINE, 0, EPOLLIN))
        return err_errno(err, "watch a descriptor");
    return 0;
}

void loop_run(struct shim *shim) {
    while (!ending_is_over(shim)) {
        struct occurrence happened[OCCURRENCES];
        int n = watch_wait(&shim->watch, happened, OCCURRENCES);
        for (int i = 0; i < n; i++)
            dispatch(shim, &happened[i]);
        settle(shim);
    }
}

static void dispatch(struct shim *shim, const struct occurrence *what) {
    switch (what->source) {
    case ON_SIGNAL:
        on_signals(shim);
        break;
    case ON_DEADLINE:
        on_deadline(shim);
        break;
    case ON_LISTENER:
        if (!shim->ended)
            clients_accept(shim);
        break;
    case ON_LIFELINE:
        on_lifeline(shim);
        break;
    case ON_PORT:
        from_guest_event(shim, what->events);
        break;
    case ON_CONSOLE:
    case ON_VMM_OUTPUT:
        vmm_output_event(shim, what->source);
        break;
    case ON_HEALTH:
        health_timer(shim);
        break;
    case ON_NET:
        net_event(shim);
        break;
    case ON_NET_OUTPUT:
        net_child_output(shim);
        break;
    case ON_NOTIFY:
        notify_event(shim);
        break;
    case ON_LINKS:
        links_timer(shim);
        break;
    case ON_CLIENT:
        if (shim->clients[what->slot])
            client_event(shim, shim->clients[what->slot], what->events);
        break;
    }
}

/* Acts on the state that a turn's handlers leave. */
static void settle(struct shim *shim) {
    clients_settle(shim);
    /* A paused client is read again at the end of a turn: as long as there is one, there must be a next turn. */
    guest_port_settle(shim, clients_any_paused(shim));
    if (ending_settle(shim))
        clients_settle(shim);
    records_sync(shim);
}

static void on_signals(struct shim *shim) {
    struct signalfd_siginfo info;
    while (read(shim->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            on_children(shim);
        else
            ending_asked_for(shim);
    }
}

static void on_children(struct shim *shim) {
    int status;
    while (shim->vmm.pid && waitpid(shim->vmm.pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == shim->vmm.pid) {
        if (WIFSTOPPED(status) || WIFCONTINUED(status)) {
            pause_changed(shim, WIFSTOPPED(status));
            continue;
        }
        shim->vmm.pid = 0;
        ending_vmm_ended(shim, vmm_end_status(shim, status));
    }
    struct err why;
    if (shim->net.pid && waitpid(shim->net.pid, &status, WNOHANG) == shim->net.pid) {
        net_ended(shim, status, &why);
        net_requests_fail(shim, &why);
        /* Before main the agent expects other messages. */
        if (shim->main.started)
            guest_send(shim, &(struct frame_header){.type = BL_MSG_NET_LOST}, NULL);
    }
    if (shim->hook.pid && waitpid(shim->hook.pid, &status, WNOHANG) == shim->hook.pid)
        hook_ended(shim, status);
}

static void on_deadline(struct shim *shim) {
    if (!watch_deadline_passed(&shim->watch))
        return;
    if (shim->ended)
        hook_due(shim);
    else
        vmm_kill(shim);
}

/* Until main runs, only the starter can finish the start: when it dies, the box ends. */
static void on_lifeline(struct shim *shim) {
    uint8_t ignored[64];
    if (read(LIFELINE_FD, ignored, sizeof ignored) > 0)
        return;
    watch_remove(&shim->watch, LIFELINE_FD);
    if (shim->main.started && !(shim->config.flags & BL_SHIM_FLAG_TEMPLATE))
        return;
    vmm_fault(shim, EPIPE, "the process that started the box went away");
}
