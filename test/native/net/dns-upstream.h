/* A resolver of the host, played by the test on sockets of the loopback, and the clock of the resolver under test. */
#ifndef BOXLITE_TEST_DNS_UPSTREAM_H
#define BOXLITE_TEST_DNS_UPSTREAM_H

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/dns/resolver.h"

#include "dns-made.h"

struct upstream {
    int udp, tcp;
    struct sockaddr_storage address;
    struct sockaddr_storage client; /* of the query received last */
    struct made query;
};

/* Both protocols on one port, chosen by the kernel for TCP. */
static inline void upstream_open(struct upstream *upstream) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    for (int tries = 0; tries < 100; tries++) {
        address.sin_port = 0;
        upstream->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        upstream->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (bind(upstream->tcp, (struct sockaddr *)&address, size) == 0 && listen(upstream->tcp, 8) == 0 &&
            getsockname(upstream->tcp, (struct sockaddr *)&address, &size) == 0 &&
            bind(upstream->udp, (struct sockaddr *)&address, size) == 0) {
            memset(&upstream->address, 0, sizeof upstream->address);
            memcpy(&upstream->address, &address, sizeof address);
            return;
        }
        close(upstream->tcp);
        close(upstream->udp);
    }
    exit(2);
}

static inline void upstream_close(struct upstream *upstream) {
    close(upstream->udp);
    close(upstream->tcp);
}

/* Whether a query is there within the time. */
static inline bool upstream_receive_within(struct upstream *upstream, int wait_ms) {
    struct pollfd fd = {.fd = upstream->udp, .events = POLLIN};
    if (poll(&fd, 1, wait_ms) != 1)
        return false;
    socklen_t size = sizeof upstream->client;
    ssize_t n = recvfrom(upstream->udp, upstream->query.bytes, sizeof upstream->query.bytes, 0,
                         (struct sockaddr *)&upstream->client, &size);
    if (n < 0)
        exit(2);
    upstream->query.size = (size_t)n;
    return true;
}

static inline bool upstream_gets(struct upstream *upstream) { return upstream_receive_within(upstream, 5000); }
static inline bool upstream_gets_none(struct upstream *upstream) { return !upstream_receive_within(upstream, 0); }

static inline void upstream_send(const struct upstream *upstream, const struct made *reply) {
    if (sendto(upstream->udp, reply->bytes, reply->size, 0, (const struct sockaddr *)&upstream->client,
               sizeof(struct sockaddr_in)) < 0)
        exit(2);
}

/* To the query received last. */
static inline void upstream_reply(const struct upstream *upstream, unsigned flags, unsigned addresses) {
    static struct made reply;
    made_reply(&reply, upstream->query.bytes, upstream->query.size, flags, addresses);
    upstream_send(upstream, &reply);
}

static inline void write_all(int fd, const void *bytes, size_t n) {
    for (const uint8_t *p = bytes; n;) {
        ssize_t written = send(fd, p, n, MSG_NOSIGNAL);
        if (written < 0)
            exit(2);
        p += written;
        n -= (size_t)written;
    }
}

/* A message behind its length. */
static inline void write_message(int fd, const struct made *made) {
    uint8_t length[2];
    dns_put_u16(length, (unsigned)made->size);
    write_all(fd, length, 2);
    write_all(fd, made->bytes, made->size);
}

/* False at the end of the stream. */
static inline bool read_message(int fd, struct made *made) {
    uint8_t length[2];
    if (recv(fd, length, 2, MSG_WAITALL) != 2)
        return false;
    made->size = dns_u16(length);
    return recv(fd, made->bytes, made->size, MSG_WAITALL) == (ssize_t)made->size;
}

/* What the hooks see. Time stands still but for what the test adds to it. */
struct seen {
    uint64_t now_ms;
    unsigned replies, wanted;
    struct dns_client client;
    struct made reply; /* the last */
};

static inline void see_reply(void *context, const struct dns_client *client, const uint8_t *reply, size_t size) {
    struct seen *seen = context;
    seen->replies++;
    seen->client = *client;
    seen->reply.size = 0;
    made_bytes(&seen->reply, reply, size);
}

static inline void see_wanted(void *context) { ((struct seen *)context)->wanted++; }

static inline uint64_t see_now(void *context) { return ((struct seen *)context)->now_ms; }

/* One turn of the owner's loop. Waits for what is on its way already, but never for a deadline; returns the time-out
 * that poll(2) would have got. */
static inline int turn(struct resolver *resolver, int wait_ms) {
    struct pollfd fds[DNS_RESOLVER_FDS];
    int timeout_ms = -1;
    size_t n = resolver_poll_fill(resolver, fds, DNS_RESOLVER_FDS, &timeout_ms);
    if (poll(fds, n, wait_ms) < 0)
        exit(2);
    resolver_poll_done(resolver, fds, n);
    return timeout_ms;
}

static inline unsigned code_of(const struct made *reply) { return reply->bytes[3] & 15u; }
static inline unsigned answers_of(const struct made *reply) { return dns_u16(reply->bytes + 6); }

#endif
