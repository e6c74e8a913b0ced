#include "links.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/clock.h"
#include "../system/watch.h"

enum {
    /* To join again: these take about a minute, then it is tried about once a minute. */
    ATTEMPTS = 16,
    FIRST_DELAY_MS = 20,
    LONGEST_DELAY_MS = 5000,
    RARE_DELAY_MS = 60000,
    /* A link that has held this long begins anew. */
    HELD_MS = 60000,
};

static int open_timer(struct shim *shim);

struct net_link link_message(struct shim *shim, struct link_config *link) {
    if (!link->id)
        link->id = ++shim->net.last_link;
    return (struct net_link){.type = NET_LINK,
                             .id = link->id,
                             .prefix = link->prefix,
                             .prefix_length = link->prefix_length,
                             .address = link->address,
                             .prefix6 = link->prefix6,
                             .address6 = link->address6};
}

struct link_config *link_by_id(struct shim *shim, uint32_t id) {
    for (uint32_t i = 0; i < shim->config.net.link_count; i++)
        if (shim->config.net.links[i].id == id)
            return &shim->config.net.links[i];
    return NULL;
}

struct link_config *link_by_network(struct shim *shim, const char *network) {
    for (uint32_t i = 0; i < shim->config.net.link_count; i++)
        if (strcmp(shim->config.net.links[i].network, network) == 0)
            return &shim->config.net.links[i];
    return NULL;
}

void link_forget(struct shim *shim, uint32_t id) {
    struct net_config *config = &shim->config.net;
    struct link_config *link = link_by_id(shim, id);
    if (link)
        *link = config->links[--config->link_count];
}

void link_lost(struct shim *shim, struct link_config *link) {
    uint64_t now = clock_monotonic_ms();
    if (now - link->lost_ms >= HELD_MS)
        link->attempts = 0;
    link->lost_ms = now;
    uint64_t delay = RARE_DELAY_MS;
    if (link->attempts < ATTEMPTS) {
        delay = (uint64_t)FIRST_DELAY_MS << link->attempts++;
        if (delay > LONGEST_DELAY_MS)
            delay = LONGEST_DELAY_MS;
    }
    /* All boxes of a network lose it at once. */
    uint16_t some = 0;
    (void)!getrandom(&some, sizeof some, GRND_NONBLOCK);
    link->due_ms = now + delay / 2 + some % (delay / 2 + 1);
    links_wake(shim);
}

void links_wake(struct shim *shim) {
    uint64_t ms = 0;
    for (uint32_t i = 0; i < shim->config.net.link_count; i++) {
        uint64_t due = shim->config.net.links[i].due_ms;
        if (due && (!ms || due < ms))
            ms = due;
    }
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};
    if (ms && open_timer(shim) == 0)
        timerfd_settime(shim->net.links_timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static int open_timer(struct shim *shim) {
    if (shim->net.links_timer_fd >= 0)
        return 0;
    cleanup_fd int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0 || watch_add(&shim->watch, fd, ON_LINKS, 0, EPOLLIN))
        return -1;
    shim->net.links_timer_fd = take_fd(&fd);
    return 0;
}
