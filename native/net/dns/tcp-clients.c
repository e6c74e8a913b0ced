#include "tcp-clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "deadline.h"

enum {
    RECEIVED_BYTES = 2 + DNS_QUERY_BYTES,
    /* A client that does not read its replies, or asks for many at once, is not read either. */
    MAX_UNANSWERED = 4,
    MAX_UNREAD = 16384,
    MAX_REPLIES = 2 * (2 + UINT16_MAX),
};

/* In the cookie of a client. */
struct stream_cookie {
    size_t index;
    uint64_t serial;
};

static void on_events(struct dns_stream *stream, short events, uint64_t now);
static void receive(struct dns_stream *stream, uint64_t now);
static void ask(struct tcp_clients *clients, struct dns_stream *stream);
static bool ask_one(struct tcp_clients *clients, struct dns_stream *stream);
static void send_replies(struct dns_stream *stream, uint64_t now);
static bool is_read(const struct dns_stream *stream);
static bool is_over(const struct dns_stream *stream, uint64_t now);
static void end(struct dns_stream *stream);

void tcp_clients_open(struct tcp_clients *clients, struct resolver *resolver) {
    memset(clients, 0, sizeof *clients);
    clients->resolver = resolver;
    for (size_t i = 0; i < DNS_MAX_STREAMS; i++)
        clients->streams[i].fd = -1;
}

void tcp_clients_close(struct tcp_clients *clients) {
    for (size_t i = 0; i < DNS_MAX_STREAMS; i++)
        end(&clients->streams[i]);
}

void tcp_clients_drop(struct tcp_clients *clients, uint32_t key) {
    for (size_t i = 0; i < DNS_MAX_STREAMS; i++)
        if (clients->streams[i].key == key)
            end(&clients->streams[i]);
}

int tcp_clients_add(struct tcp_clients *clients, int fd, uint32_t key) {
    struct dns_stream *stream = NULL;
    size_t of_key = 0;
    for (size_t i = 0; i < DNS_MAX_STREAMS; i++) {
        if (clients->streams[i].fd < 0)
            stream = &clients->streams[i];
        else
            of_key += clients->streams[i].key == key;
    }
    uint8_t *received = stream && of_key < DNS_MAX_STREAMS_OF_KEY ? malloc(RECEIVED_BYTES) : NULL;
    if (!received) {
        close(fd);
        return -1;
    }
    *stream = (struct dns_stream){.fd = fd,
                                  .key = key,
                                  .serial = ++clients->opened,
                                  .poll_slot = -1,
                                  .moved_ms = resolver_now_ms(clients->resolver),
                                  .received = received,
                                  .replies.cap = MAX_REPLIES};
    return 0;
}

/* Ends no stream: the query may just be read from it. */
void tcp_clients_reply(struct tcp_clients *clients, const struct dns_client *client, const uint8_t *reply,
                       size_t size) {
    struct stream_cookie cookie;
    memcpy(&cookie, client->cookie, sizeof cookie);
    struct dns_stream *stream = &clients->streams[cookie.index];
    if (stream->fd < 0 || stream->serial != cookie.serial)
        return;
    uint8_t length[2];
    dns_put_u16(length, (unsigned)size);
    stream->unanswered--;
    if (stream->replies.used + sizeof length + size > MAX_REPLIES ||
        queue_push(&stream->replies, length, sizeof length) || queue_push(&stream->replies, reply, size))
        stream->broken = true;
}

size_t tcp_clients_poll_fill(struct tcp_clients *clients, struct pollfd *fds, size_t max, int *timeout_ms) {
    size_t n = 0;
    uint64_t now = 0;
    for (size_t i = 0; i < DNS_MAX_STREAMS; i++) {
        struct dns_stream *stream = &clients->streams[i];
        if (stream->fd < 0)
            continue;
        if (!now)
            now = resolver_now_ms(clients->resolver);
        deadline_shorten(timeout_ms, stream->moved_ms + DNS_STREAM_IDLE_MS, now);
        stream->poll_slot = -1;
        if (n == max)
            continue;
        short events = (short)((is_read(stream) ? POLLIN : 0) | (stream->replies.used ? POLLOUT : 0));
        fds[n] = (struct pollfd){.fd = stream->fd, .events = events};
        stream->poll_slot = (int)n++;
    }
    return n;
}

void tcp_clients_poll_done(struct tcp_clients *clients, const struct pollfd *fds, size_t count) {
    uint64_t now = 0;
    for (size_t i = 0; i < DNS_MAX_STREAMS; i++) {
        struct dns_stream *stream = &clients->streams[i];
        if (stream->fd < 0)
            continue;
        if (!now)
            now = resolver_now_ms(clients->resolver);
        int slot = stream->poll_slot;
        stream->poll_slot = -1;
        if (slot >= 0 && (size_t)slot < count)
            on_events(stream, fds[slot].revents, now);
        ask(clients, stream);
        send_replies(stream, now);
        if (is_over(stream, now))
            end(stream);
    }
}

static void on_events(struct dns_stream *stream, short events, uint64_t now) {
    if (events & POLLIN)
        receive(stream, now);
    /* Nobody reads the replies. */
    if (events & (POLLERR | POLLHUP | POLLNVAL))
        stream->broken = true;
}

static void receive(struct dns_stream *stream, uint64_t now) {
    ssize_t n = recv(stream->fd, stream->received + stream->used, RECEIVED_BYTES - stream->used, MSG_DONTWAIT);
    if (n > 0) {
        stream->used += (size_t)n;
        stream->moved_ms = now;
    } else if (n == 0)
        stream->ended = true;
    else if (errno != EAGAIN && errno != EINTR)
        stream->broken = true;
}

static void ask(struct tcp_clients *clients, struct dns_stream *stream) {
    while (!stream->broken && stream->unanswered < MAX_UNANSWERED && ask_one(clients, stream))
        ;
}

/* Whether there was one. */
static bool ask_one(struct tcp_clients *clients, struct dns_stream *stream) {
    if (stream->used < 2)
        return false;
    size_t size = dns_u16(stream->received), whole = 2 + size;
    if (whole > RECEIVED_BYTES) {
        stream->broken = true;
        return false;
    }
    if (stream->used < whole)
        return false;
    struct dns_client client = {.key = stream->key, .over_tcp = true};
    struct stream_cookie cookie = {.index = (size_t)(stream - clients->streams), .serial = stream->serial};
    memcpy(client.cookie, &cookie, sizeof cookie);
    stream->unanswered++;
    if (resolver_query(clients->resolver, &client, stream->received + 2, size))
        stream->broken = true;
    stream->used -= whole;
    memmove(stream->received, stream->received + whole, stream->used);
    return true;
}

static void send_replies(struct dns_stream *stream, uint64_t now) {
    struct queue *replies = &stream->replies;
    while (replies->used && !stream->broken) {
        ssize_t n = send(stream->fd, queue_bytes(replies), replies->used, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            stream->broken = errno != EAGAIN && errno != EINTR;
            return;
        }
        queue_drop(replies, (size_t)n);
        stream->moved_ms = now;
    }
}

static bool is_read(const struct dns_stream *stream) {
    return !stream->ended && stream->used < RECEIVED_BYTES && stream->unanswered < MAX_UNANSWERED &&
           stream->replies.used < MAX_UNREAD;
}

static bool is_over(const struct dns_stream *stream, uint64_t now) {
    return stream->broken || (stream->ended && !stream->unanswered && !stream->replies.used) ||
           now >= stream->moved_ms + DNS_STREAM_IDLE_MS;
}

static void end(struct dns_stream *stream) {
    if (stream->fd < 0)
        return;
    close(stream->fd);
    free(stream->received);
    queue_free(&stream->replies);
    *stream = (struct dns_stream){.fd = -1};
}
