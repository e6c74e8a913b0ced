/* DNS over TCP as a server (RFC 7766): messages behind their length, on streams that the owner has accepted. */
#ifndef BOXLITE_NET_DNS_TCP_CLIENTS_H
#define BOXLITE_NET_DNS_TCP_CLIENTS_H

#include "../../common/queue.h"
#include "resolver.h"

enum {
    DNS_MAX_STREAMS = 64,
    DNS_MAX_STREAMS_OF_KEY = 16,
    DNS_STREAM_IDLE_MS = 10000,
};

struct dns_stream {
    int fd; /* -1: free */
    uint32_t key;
    uint64_t serial; /* among all that were ever opened: a late reply to an earlier stream is not this one's */
    bool ended;      /* the client sends no more */
    bool broken;     /* to be closed at once */
    int poll_slot;   /* as of an exchange */
    unsigned unanswered;
    uint64_t moved_ms; /* when bytes last went in or out */
    size_t used;
    uint8_t *received; /* less than one message and its length, but for what must wait */
    struct queue replies;
};

struct tcp_clients {
    struct resolver *resolver;
    uint64_t opened;
    struct dns_stream streams[DNS_MAX_STREAMS];
};

void tcp_clients_open(struct tcp_clients *clients, struct resolver *resolver);
void tcp_clients_close(struct tcp_clients *clients);

/* Takes the stream socket; closes it and returns -1 when the box, or all of them together, has too many. */
int tcp_clients_add(struct tcp_clients *clients, int fd, uint32_t key);
/* What the resolver's hook gets for a client over TCP. */
void tcp_clients_reply(struct tcp_clients *clients, const struct dns_client *client, const uint8_t *reply, size_t size);
/* Closes the streams of a box. */
void tcp_clients_drop(struct tcp_clients *clients, uint32_t key);

/* As those of the resolver; tcp_clients_poll_done comes after resolver_poll_done, whose replies it sends. */
size_t tcp_clients_poll_fill(struct tcp_clients *clients, struct pollfd *fds, size_t max, int *timeout_ms);
void tcp_clients_poll_done(struct tcp_clients *clients, const struct pollfd *fds, size_t count);

#endif
