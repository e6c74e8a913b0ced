#include "echo.h"

#include <errno.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../packet/reply.h"

enum { WAIT_MS = 10000, IPV6_BYTES = 40, ICMP_BYTES = 8 };

static struct echo *find(struct echoes *echoes, const struct packet *request, uint16_t id);
static struct echo *make_room(struct echoes *echoes);
static void forget(struct echo *echo);

void echo_request(struct echoes *echoes, const struct packet *request, uint64_t now_ms) {
    uint16_t id = get_u16(request->transport + 4);
    struct echo *echo = find(echoes, request, id);
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = request->destination};
    if (!echo) {
        int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);
        if (fd < 0)
            return;
        echo = make_room(echoes);
        *echo = (struct echo){.fd = fd, .box = request->source, .id = id};
        memcpy(echo->box_mac, request->from_mac, MAC_BYTES);
    }
    echo->asked_ms = now_ms;
    /* The kernel puts its own identifier and checksum in. */
    (void)!sendto(echo->fd, request->transport, request->transport_size, 0, (struct sockaddr *)&to, sizeof to);
}

static struct echo *find(struct echoes *echoes, const struct packet *request, uint16_t id) {
    for (size_t i = 0; i < MAX_ECHOES; i++) {
        struct echo *echo = &echoes->all[i];
        if (echo->fd && echo->id == id && same_address(&echo->box, &request->source))
            return echo;
    }
    return NULL;
}

static struct echo *make_room(struct echoes *echoes) {
    struct echo *oldest = &echoes->all[0];
    for (size_t i = 0; i < MAX_ECHOES; i++) {
        if (!echoes->all[i].fd)
            return &echoes->all[i];
        if (echoes->all[i].asked_ms < oldest->asked_ms)
            oldest = &echoes->all[i];
    }
    forget(oldest);
    return oldest;
}

static void forget(struct echo *echo) {
    close(echo->fd);
    *echo = (struct echo){0};
}

size_t echo_poll(struct echoes *echoes, struct pollfd *fds, uint64_t now_ms, int *timeout_ms) {
    size_t count = 0;
    for (size_t i = 0; i < MAX_ECHOES; i++) {
        struct echo *echo = &echoes->all[i];
        if (echo->fd && now_ms - echo->asked_ms >= WAIT_MS)
            forget(echo);
        if (!echo->fd)
            continue;
        int left = (int)(WAIT_MS - (now_ms - echo->asked_ms));
        if (*timeout_ms < 0 || *timeout_ms > left)
            *timeout_ms = left;
        fds[count++] = (struct pollfd){.fd = echo->fd, .events = POLLIN};
    }
    return count;
}

size_t echo_polled(struct echoes *echoes, struct pollfd *fds, size_t count, const uint8_t mac[MAC_BYTES],
                   uint8_t frame[MAX_FRAME]) {
    for (size_t i = 0; i < count; i++) {
        struct echo *echo = NULL;
        for (size_t j = 0; j < MAX_ECHOES && fds[i].revents; j++)
            if (echoes->all[j].fd == fds[i].fd)
                echo = &echoes->all[j];
        fds[i].revents = 0;
        if (!echo)
            continue;
        struct sockaddr_in6 from;
        socklen_t from_size = sizeof from;
        uint8_t *icmp = frame + ETHERNET_BYTES + IPV6_BYTES;
        ssize_t size = recvfrom(echo->fd, icmp, MAX_FRAME - ETHERNET_BYTES - IPV6_BYTES, 0, (struct sockaddr *)&from,
                                &from_size);
        if (size >= ICMP_BYTES && icmp[0] == ICMP6_ECHO_REPLY)
            return reply_echo(&echo->box, echo->box_mac, echo->id, &from.sin6_addr, mac, (size_t)size, frame);
    }
    return 0;
}
