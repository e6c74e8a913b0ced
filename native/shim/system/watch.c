#include "watch.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { EVENTS = 64 };

static int control(const struct watch *watch, int operation, int fd, enum source source, uint32_t slot,
                   uint32_t events);

int watch_open(struct watch *watch, struct err *err) {
    watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (watch->timer_fd < 0 || watch->epoll_fd < 0 || watch_add(watch, watch->timer_fd, ON_DEADLINE, 0, EPOLLIN))
        return err_errno(err, "make the event loop");
    return 0;
}

int watch_wait(const struct watch *watch, struct occurrence *to, int most) {
    struct epoll_event events[EVENTS];
    int n = epoll_wait(watch->epoll_fd, events, most < EVENTS ? most : EVENTS, -1);
    for (int i = 0; i < n; i++)
        to[i] = (struct occurrence){.source = (enum source)(uint32_t)events[i].data.u64,
                                    .slot = (uint32_t)(events[i].data.u64 >> 32),
                                    .events = events[i].events};
    return n;
}

int watch_add(const struct watch *watch, int fd, enum source source, uint32_t slot, uint32_t events) {
    return control(watch, EPOLL_CTL_ADD, fd, source, slot, events);
}

int watch_change(const struct watch *watch, int fd, enum source source, uint32_t slot, uint32_t events) {
    return control(watch, EPOLL_CTL_MOD, fd, source, slot, events);
}

void watch_remove(const struct watch *watch, int fd) { epoll_ctl(watch->epoll_fd, EPOLL_CTL_DEL, fd, NULL); }

void watch_set_deadline(const struct watch *watch, uint64_t ms) {
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};
    timerfd_settime(watch->timer_fd, 0, &when, NULL);
}

bool watch_deadline_passed(const struct watch *watch) {
    uint64_t expirations;
    return read(watch->timer_fd, &expirations, sizeof expirations) == (ssize_t)sizeof expirations;
}

/* The slot goes into the high half of epoll's data, the source into the low one. */
static int control(const struct watch *watch, int operation, int fd, enum source source, uint32_t slot,
                   uint32_t events) {
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)slot << 32 | source};
    return epoll_ctl(watch->epoll_fd, operation, fd, &event);
}
