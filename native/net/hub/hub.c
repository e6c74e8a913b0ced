#include "hub.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../packet/clock.h"
#include "forward.h"
#include "join.h"

enum {
    /* For who starts a hub to join it, and for who connects to join. */
    JOIN_MS = 10000,
    /* Of one member, before the others have their turn. */
    TURN = 32,
};

static size_t fill(const struct hub *hub, struct pollfd *fds);
static int timeout(const struct hub *hub);
static void turn(struct hub *hub, const struct pollfd *fds);
static void take(struct hub *hub);
static int read_place(struct hub *hub, struct place *place);
static void end_lost(struct hub *hub);
static void expire(struct hub *hub);

void hub_run(int listen_fd) {
    static struct hub hub;
    static struct pollfd fds[HUB_PLACES + 1];
    hub = (struct hub){.listen_fd = listen_fd, .until_ms = clock_ms() + JOIN_MS};
    while (!hub.over && !hub.replaced) {
        size_t count = fill(&hub, fds);
        if (poll(fds, count, timeout(&hub)) < 0)
            continue;
        turn(&hub, fds);
        expire(&hub);
    }
}

static size_t fill(const struct hub *hub, struct pollfd *fds) {
    fds[0] = (struct pollfd){.fd = hub->listen_fd, .events = POLLIN};
    for (uint32_t i = 0; i < hub->place_count; i++) {
        const struct place *place = &hub->places[i];
        short events = (short)(POLLIN | (place->fd >= 0 && outbox_waits(&place->out) ? POLLOUT : 0));
        fds[i + 1] = (struct pollfd){.fd = place->fd, .events = events};
    }
    return hub->place_count + 1;
}

/* Only who has not joined yet has a deadline: a hub with nothing but members sleeps. */
static int timeout(const struct hub *hub) {
    uint64_t until = hub->member_count ? UINT64_MAX : hub->until_ms, now = clock_ms();
    for (uint32_t i = 0; i < hub->place_count; i++)
        if (hub->places[i].fd >= 0 && !hub->places[i].member && hub->places[i].until_ms < until)
            until = hub->places[i].until_ms;
    return until == UINT64_MAX ? -1 : until > now ? (int)(until - now) : 0;
}

static void turn(struct hub *hub, const struct pollfd *fds) {
    uint32_t count = hub->place_count;
    for (uint32_t i = 0; i < count; i++) {
        struct place *place = &hub->places[i];
        /* One who wants its address may have ended it, and nobody has taken its place yet. */
        if (place->fd < 0)
            continue;
        if (fds[i + 1].revents & POLLOUT && outbox_flush(&place->out))
            place->lost = true;
        if (!place->lost && fds[i + 1].revents & (POLLIN | POLLHUP | POLLERR) && read_place(hub, place))
            place->lost = true;
    }
    end_lost(hub);
    /* Last: a newcomer may get the place of one who has left. */
    if (fds[0].revents && !hub->over)
        take(hub);
}

static void take(struct hub *hub) {
    int fd = accept4(hub->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    uint32_t number = 0;
    while (number < hub->place_count && hub->places[number].fd >= 0)
        number++;
    if (number == HUB_PLACES) {
        join_refuse(fd, ENOSPC, "too many want to join the network at once");
        close(fd);
        return;
    }
    if (number == hub->place_count)
        hub->place_count++;
    hub->places[number] = (struct place){.fd = fd, .until_ms = clock_ms() + JOIN_MS};
    outbox_open(&hub->places[number].out, fd);
}

/* -1: it is gone, or has to go. */
static int read_place(struct hub *hub, struct place *place) {
    /* With a byte that no packet has: a datagram that fills it is too large. */
    static _Alignas(struct hub_member) uint8_t datagram[HUB_MAX_PACKET + 1];
    for (int i = 0; i < TURN; i++) {
        ssize_t size = recv(place->fd, datagram, sizeof datagram, MSG_DONTWAIT);
        if (size < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        if (size == 0)
            return -1;
        if (!place->member) {
            if (join_read(hub, place, datagram, (size_t)size))
                return -1;
        } else if (forward(hub, place, datagram, (size_t)size)) {
            place->refused++;
        }
    }
    return 0;
}

/* The others hear of each that ends, and one of them may turn out to be lost, too. */
static void end_lost(struct hub *hub) {
    for (uint32_t i = 0; i < hub->place_count; i++)
        if (hub->places[i].lost) {
            join_end(hub, &hub->places[i]);
            i = UINT32_MAX;
        }
}

static void expire(struct hub *hub) {
    uint64_t now = clock_ms();
    for (uint32_t i = 0; i < hub->place_count; i++)
        if (hub->places[i].fd >= 0 && !hub->places[i].member && hub->places[i].until_ms <= now)
            join_end(hub, &hub->places[i]);
    if (!hub->member_count && hub->until_ms <= now)
        hub->over = true;
}
