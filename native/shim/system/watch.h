/* What the loop waits for: descriptors, each with the source that it stands for, and one deadline. */
#ifndef BOXLITE_SHIM_SYSTEM_WATCH_H
#define BOXLITE_SHIM_SYSTEM_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../../common/err.h"

enum source {
    ON_SIGNAL,
    ON_DEADLINE,
    ON_LISTENER,
    ON_LIFELINE,
    ON_PORT,
    ON_CONSOLE,
    ON_VMM_OUTPUT,
    ON_CLIENT,
    ON_HEALTH,
    ON_NET,
    ON_NET_OUTPUT,
    ON_LINKS,
    ON_NOTIFY
};

struct watch {
    int epoll_fd, timer_fd;
};

struct occurrence {
    enum source source;
    uint32_t slot;   /* which of several clients */
    uint32_t events; /* EPOLLIN, … */
};

int watch_open(struct watch *watch, struct err *err);
/* Blocks until something happens; returns how many occurrences were stored. */
int watch_wait(const struct watch *watch, struct occurrence *to, int most);

int watch_add(const struct watch *watch, int fd, enum source source, uint32_t slot, uint32_t events);
int watch_change(const struct watch *watch, int fd, enum source source, uint32_t slot, uint32_t events);
void watch_remove(const struct watch *watch, int fd);

/* Replaces the deadline; 0 removes it. */
void watch_set_deadline(const struct watch *watch, uint64_t ms);
/* False when the deadline has been moved since it was reported. */
bool watch_deadline_passed(const struct watch *watch);

#endif
