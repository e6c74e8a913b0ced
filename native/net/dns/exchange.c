#include "exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/poll.h>
#include <sys/random.h>
#include <unistd.h>

/* Of one exchange in one turn: who floods a port with forged replies must not keep the others waiting. */
enum { DATAGRAMS = 8 };

static int random_id(uint16_t *id);
static int send_datagram(const struct dns_exchange *exchange, const struct dns_query *query);
static enum dns_progress continue_udp(struct dns_exchange *exchange, const struct dns_query *query,
                                      uint8_t buffer[DNS_UDP_BYTES], uint8_t **reply, size_t *size);
static enum dns_progress continue_tcp(struct dns_exchange *exchange, const struct dns_query *query, uint8_t **reply,
                                      size_t *size);
static int send_stream(struct dns_exchange *exchange, const struct dns_query *query);
static int receive_stream(struct dns_exchange *exchange);
static size_t write_framed(const struct dns_exchange *exchange, const struct dns_query *query,
                           uint8_t to[2 + DNS_REQUEST_BYTES]);
static bool would_block(void) { return errno == EAGAIN || errno == EINTR; }

int dns_exchange_open(struct dns_exchange *exchange, const struct dns_query *query,
                      const struct sockaddr_storage *server, bool tcp) {
    *exchange = DNS_NO_EXCHANGE;
    exchange->tcp = tcp;
    if (random_id(&exchange->id))
        return -1;
    int type = (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    exchange->fd = socket(server->ss_family, type, 0);
    if (exchange->fd < 0)
        return -1;
    socklen_t size = server->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int connected = connect(exchange->fd, (const struct sockaddr *)server, size);
    if (tcp ? connected && errno != EINPROGRESS : connected || send_datagram(exchange, query)) {
        dns_exchange_close(exchange);
        return -1;
    }
    return 0;
}

/* A call gives as many as the kernel gives without a pause. */
static int random_id(uint16_t *id) {
    static uint16_t ids[128];
    static size_t left;
    if (!left && getrandom(ids, sizeof ids, 0) != (ssize_t)sizeof ids)
        return -1;
    left = left ? left : sizeof ids / sizeof *ids;
    *id = ids[--left];
    return 0;
}

int dns_exchange_repeat(struct dns_exchange *exchange, const struct dns_query *query) {
    return send_datagram(exchange, query);
}

void dns_exchange_close(struct dns_exchange *exchange) {
    if (exchange->fd >= 0)
        close(exchange->fd);
    free(exchange->reply);
    *exchange = DNS_NO_EXCHANGE;
}

short dns_exchange_events(const struct dns_exchange *exchange, const struct dns_query *query) {
    uint8_t framed[2 + DNS_REQUEST_BYTES];
    if (exchange->tcp && exchange->sent < write_framed(exchange, query, framed))
        return POLLOUT;
    return POLLIN;
}

enum dns_progress dns_exchange_continue(struct dns_exchange *exchange, const struct dns_query *query,
                                        uint8_t buffer[DNS_UDP_BYTES], uint8_t **reply, size_t *size) {
    return exchange->tcp ? continue_tcp(exchange, query, reply, size)
                         : continue_udp(exchange, query, buffer, reply, size);
}

/* A datagram that the host can't take just now is as one lost on its way. */
static int send_datagram(const struct dns_exchange *exchange, const struct dns_query *query) {
    uint8_t request[DNS_REQUEST_BYTES];
    size_t n = dns_request_write(query, exchange->id, request);
    return send(exchange->fd, request, n, MSG_NOSIGNAL) < 0 && !would_block() ? -1 : 0;
}

static enum dns_progress continue_udp(struct dns_exchange *exchange, const struct dns_query *query,
                                      uint8_t buffer[DNS_UDP_BYTES], uint8_t **reply, size_t *size) {
    for (int i = 0; i < DATAGRAMS; i++) {
        ssize_t n = recv(exchange->fd, buffer, DNS_UDP_BYTES, MSG_TRUNC);
        if (n < 0)
            return would_block() ? DNS_WAITING : DNS_FAILED;
        if (n > DNS_UDP_BYTES || !dns_reply_matches(query, exchange->id, buffer, (size_t)n))
            continue;
        *reply = buffer;
        *size = (size_t)n;
        return DNS_REPLIED;
    }
    return DNS_WAITING;
}

static enum dns_progress continue_tcp(struct dns_exchange *exchange, const struct dns_query *query, uint8_t **reply,
                                      size_t *size) {
    if (send_stream(exchange, query) || receive_stream(exchange))
        return would_block() ? DNS_WAITING : DNS_FAILED;
    *reply = exchange->reply;
    *size = exchange->reply_size;
    return dns_reply_matches(query, exchange->id, *reply, *size) ? DNS_REPLIED : DNS_FAILED;
}

static int send_stream(struct dns_exchange *exchange, const struct dns_query *query) {
    uint8_t framed[2 + DNS_REQUEST_BYTES];
    size_t total = write_framed(exchange, query, framed);
    while (exchange->sent < total) {
        ssize_t n = send(exchange->fd, framed + exchange->sent, total - exchange->sent, MSG_NOSIGNAL);
        if (n < 0)
            return -1;
        exchange->sent += (size_t)n;
    }
    return 0;
}

/* The reply's length comes first; its memory is allocated when the server has said it. */
static int receive_stream(struct dns_exchange *exchange) {
    for (;;) {
        bool in_prefix = exchange->received < 2;
        uint8_t *to = in_prefix ? exchange->prefix + exchange->received : exchange->reply + exchange->received - 2;
        size_t left = (in_prefix ? 2 : 2 + exchange->reply_size) - exchange->received;
        if (!left)
            return 0;
        ssize_t n = recv(exchange->fd, to, left, 0);
        if (n <= 0) {
            errno = n ? errno : ECONNRESET;
            return -1;
        }
        exchange->received += (size_t)n;
        if (!in_prefix || exchange->received < 2)
            continue;
        exchange->reply_size = dns_u16(exchange->prefix);
        exchange->reply = malloc(exchange->reply_size + 1);
        if (!exchange->reply)
            return -1;
    }
}

static size_t write_framed(const struct dns_exchange *exchange, const struct dns_query *query,
                           uint8_t to[2 + DNS_REQUEST_BYTES]) {
    size_t n = dns_request_write(query, exchange->id, to + 2);
    dns_put_u16(to, (unsigned)n);
    return 2 + n;
}
