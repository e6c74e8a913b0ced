#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box/records.h"
#include "ending/ending.h"
#include "ending/hook.h"
#include "peers/guest-port.h"
#include "relay/clients.h"
#include "relay/pause.h"
#include "session/health.h"
#include "vmm/output.h"
#include "vmm/vmm.h"

enum { EVENTS = 64 };

static void dispatch(struct shim *shim, enum source source, uint32_t slot, uint32_t events);
static void on_signals(struct shim *shim);
static void on_children(struct shim *shim);
static void on_timer(struct shim *shim);
static void on_lifeline(struct shim *shim);

int loop_open(struct shim *shim, struct err *err) {
    sigset_t signals;
    sigemptyset(&signals);
    const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&signals, numbers[i]);
    if (sigprocmask(SIG_BLOCK, &signals, NULL))
        return err_errno(err, "block signals");
    shim->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    shim->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    shim->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (shim->signal_fd < 0 || shim->timer_fd < 0 || shim->epoll_fd < 0)
        return err_errno(err, "make the event loop");
    if (loop_watch(shim, shim->signal_fd, ON_SIGNAL, 0, EPOLLIN, false) ||
        loop_watch(shim, shim->timer_fd, ON_TIMER, 0, EPOLLIN, false) ||
        loop_watch(shim, shim->listen_fd, ON_LISTENER, 0, EPOLLIN, false) ||
        loop_watch(shim, LIFELINE_FD, ON_LIFELINE, 0, EPOLLIN, false))
        return err_errno(err, "watch a descriptor");
    return 0;
}

void loop_run(struct shim *shim) {
    while (!ending_is_over(shim)) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(shim->epoll_fd, events, EVENTS, -1);
        for (int i = 0; i < n; i++)
            dispatch(shim, (enum source)(uint32_t)events[i].data.u64, (uint32_t)(events[i].data.u64 >> 32),
                     events[i].events);
        clients_settle(shim);
        port_settle(shim);
        ending_settle(shim);
        facts_sync(shim);
    }
}

int loop_watch(struct shim *shim, int fd, enum source source, uint32_t slot, uint32_t events, bool known) {
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)slot << 32 | source};
    return epoll_ctl(shim->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}

void loop_unwatch(struct shim *shim, int fd) { epoll_ctl(shim->epoll_fd, EPOLL_CTL_DEL, fd, NULL); }

void loop_set_deadline(struct shim *shim, unsigned seconds) { loop_set_deadline_ms(shim, seconds * 1000ULL); }

void loop_set_deadline_ms(struct shim *shim, uint64_t ms) {
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};
    timerfd_settime(shim->timer_fd, 0, &when, NULL);
}

static void dispatch(struct shim *shim, enum source source, uint32_t slot, uint32_t events) {
    switch (source) {
    case ON_SIGNAL:
        on_signals(shim);
        break;
    case ON_TIMER:
        on_timer(shim);
        break;
    case ON_LISTENER:
        if (!shim->ended)
            clients_accept(shim);
        break;
    case ON_LIFELINE:
        on_lifeline(shim);
        break;
    case ON_PORT:
        port_event(shim, events);
        break;
    case ON_CONSOLE:
    case ON_VMM_OUTPUT:
        vmm_output_event(shim, source);
        break;
    case ON_HEALTH:
        health_timer(shim);
        break;
    case ON_CLIENT:
        if (shim->clients[slot])
            client_event(shim, shim->clients[slot], events);
        break;
    }
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
        ending_vmm_ended(shim, status);
    }
    if (shim->hook.pid && waitpid(shim->hook.pid, &status, WNOHANG) == shim->hook.pid)
        hook_ended(shim, status);
}

static void on_timer(struct shim *shim) {
    uint64_t expirations;
    if (read(shim->timer_fd, &expirations, sizeof expirations) != (ssize_t)sizeof expirations)
        return;
    if (shim->ended)
        hook_due(shim);
    else
        vmm_kill(shim);
}

/* Until main runs, the box is its starter's: when that dies, nobody would ever finish the start. */
static void on_lifeline(struct shim *shim) {
    uint8_t ignored[64];
    if (read(LIFELINE_FD, ignored, sizeof ignored) > 0)
        return;
    loop_unwatch(shim, LIFELINE_FD);
    if (shim->main.started && !(shim->config.flags & BL_SHIM_FLAG_TEMPLATE))
        return;
    vmm_fault(shim, EPIPE, "the process that started the box went away");
}
