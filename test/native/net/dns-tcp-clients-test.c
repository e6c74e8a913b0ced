/* Guests that ask over TCP, and one that asks over UDP beside them. */
#include "net/dns/tcp-clients.h"

#include "dns-upstream.h"

enum { MAX_FDS = DNS_RESOLVER_FDS + DNS_MAX_STREAMS };

static struct resolver resolver;
static struct tcp_clients streams;
static struct seen seen;
static struct upstream upstream;
static struct made query, reply;
static struct pollfd fds[MAX_FDS];

static void on_reply(void *context, const struct dns_client *client, const uint8_t *message, size_t size) {
    if (client->over_tcp)
        tcp_clients_reply(&streams, client, message, size);
    else
        see_reply(context, client, message, size);
}

static void begin(void) {
    if (seen.now_ms) {
        tcp_clients_close(&streams);
        resolver_close(&resolver);
    }
    while (!upstream_gets_none(&upstream))
        ;
    seen = (struct seen){.now_ms = 1000};
    struct dns_hooks hooks = {.context = &seen, .reply = on_reply, .now_ms = see_now};
    resolver_open(&resolver, &hooks);
    tcp_clients_open(&streams, &resolver);
    resolver_set_servers(&resolver, &upstream.address, 1);
    made_query(&query, 0x4242, "localhost", DNS_TYPE_A);
}

/* Until nothing happens any more. */
static int settle(void) {
    int timeout_ms, ready;
    do {
        timeout_ms = -1;
        size_t first = resolver_poll_fill(&resolver, fds, DNS_RESOLVER_FDS, &timeout_ms);
        size_t second = tcp_clients_poll_fill(&streams, fds + first, DNS_MAX_STREAMS, &timeout_ms);
        ready = poll(fds, first + second, 0);
        resolver_poll_done(&resolver, fds, first);
        tcp_clients_poll_done(&streams, fds + first, second);
    } while (ready > 0);
    return timeout_ms;
}

/* The guest's end, which never blocks. */
static int open_stream(uint32_t key) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
        exit(2);
    (void)tcp_clients_add(&streams, ends[0], key);
    return ends[1];
}

static bool is_closed(int fd) {
    uint8_t byte;
    ssize_t n = recv(fd, &byte, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static bool gets(int fd, unsigned id) {
    return read_message(fd, &reply) && dns_u16(reply.bytes) == id && code_of(&reply) == DNS_NOERROR;
}

static void answers_in_fragments(void) {
    begin();
    int guest = open_stream(1);
    uint8_t length[2];
    dns_put_u16(length, (unsigned)query.size);
    write_all(guest, length, 1);
    settle();
    write_all(guest, length + 1, 1);
    for (size_t i = 0; i < query.size; i++) {
        settle();
        check("part of a query has no answer", recv(guest, length, 1, 0) == -1 && errno == EAGAIN);
        write_all(guest, query.bytes + i, 1);
    }
    settle();
    check("a query in single bytes has one", gets(guest, 0x4242) && answers_of(&reply) == 1);
    check("which goes nowhere else", !seen.replies);
    close(guest);
    check("an end leaves nothing to wait for", settle() == -1);
}

static void answers_many_at_once(void) {
    begin();
    int guest = open_stream(1);
    for (unsigned id = 0; id < 100; id++) {
        made_query(&query, id, "localhost", DNS_TYPE_AAAA);
        write_message(guest, &query);
    }
    shutdown(guest, SHUT_WR);
    settle();
    bool all = true;
    for (unsigned id = 0; id < 100; id++)
        all = all && gets(guest, id);
    check("each of many queries is answered, also after the end of input", all);
    check("then the stream ends", is_closed(guest));
    close(guest);
}

static void answers_from_servers(void) {
    begin();
    int guest = open_stream(7);
    for (unsigned id = 0; id < 6; id++) {
        made_query(&query, id, "example.com", DNS_TYPE_A);
        write_message(guest, &query);
    }
    shutdown(guest, SHUT_WR);
    settle();
    for (int i = 0; i < 4; i++) {
        check("a query of a stream is asked", upstream_gets(&upstream));
        upstream_reply(&upstream, 0, 2);
    }
    check("four at a time", upstream_gets_none(&upstream));
    struct dns_client by_udp = {.key = 7, .cookie = "a datagram"};
    made_query(&query, 99, "localhost", DNS_TYPE_A);
    check("a datagram is asked beside it", resolver_query(&resolver, &by_udp, query.bytes, query.size) == 0);
    check("its reply goes elsewhere",
          seen.replies == 1 && !seen.client.over_tcp && strcmp((char *)seen.client.cookie, "a datagram") == 0);
    for (unsigned got = 0; got < 6; got++) {
        struct pollfd fd = {.fd = guest, .events = POLLIN};
        while (poll(&fd, 1, 0) == 0) {
            settle();
            while (!upstream_gets_none(&upstream))
                upstream_reply(&upstream, 0, 2);
        }
        if (!read_message(guest, &reply) || answers_of(&reply) != 2)
            check("each reply is whole", false);
    }
    check("the others after them, though the guest sends no more", seen.replies == 1);
    settle();
    check("then the stream ends", is_closed(guest));
    close(guest);
}

static void forgets_streams_that_ended(void) {
    begin();
    int guest = open_stream(1);
    made_query(&query, 1, "example.com", DNS_TYPE_A);
    write_message(guest, &query);
    settle();
    check("it is asked", upstream_gets(&upstream));
    close(guest);
    settle();
    int next = open_stream(1);
    upstream_reply(&upstream, 0, 1);
    struct pollfd fd = {.fd = next, .events = POLLIN};
    settle();
    check("a reply is not given to the next stream in its place", poll(&fd, 1, 0) == 0 && !seen.replies);
    made_query(&query, 2, "localhost", DNS_TYPE_A);
    write_message(next, &query);
    settle();
    check("which has its own", gets(next, 2));
    tcp_clients_drop(&streams, 1);
    check("and ends with its box", is_closed(next));
    close(next);
}

static void closes_streams_that_break_the_format(void) {
    static const struct {
        const char *what, *bytes;
        size_t size;
    } cases[] = {
        {"a message of no bytes", "\0\0", 2},
        {"half a header", "\0\6abcdef", 8},
        {"a reply", "\0\14\0\1\x80\0\0\0\0\0\0\0\0\0", 14},
        {"a message too long for a query", "\xff\xff", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        int guest = open_stream(1);
        write_all(guest, cases[i].bytes, cases[i].size);
        settle();
        check(cases[i].what, is_closed(guest));
        close(guest);
    }
    begin();
    int guest = open_stream(1);
    write_all(guest, "\0\14\0\1\1\0\0\0\0\0\0\0\0\0", 14);
    settle();
    check("a broken query has an answer", read_message(guest, &reply) && code_of(&reply) == DNS_FORMERR);
    close(guest);
}

static void bounds_streams(void) {
    begin();
    int guests[DNS_MAX_STREAMS + 2], count = 0;
    for (int i = 0; i < DNS_MAX_STREAMS_OF_KEY; i++)
        guests[count++] = open_stream(1);
    bool open = true;
    for (int i = 0; i < count; i++)
        open = open && !is_closed(guests[i]);
    check("a box may have sixteen", open);
    guests[count++] = open_stream(1);
    check("not one more", is_closed(guests[count - 1]));
    for (uint32_t key = 2; key <= 4; key++)
        for (int i = 0; i < DNS_MAX_STREAMS_OF_KEY; i++)
            guests[count++] = open_stream(key);
    check("another box may", !is_closed(guests[count - 1]));
    guests[count++] = open_stream(9);
    check("all together are bounded, too", is_closed(guests[count - 1]));
    settle();
    seen.now_ms += DNS_STREAM_IDLE_MS - 1;
    check("the silent ones have a little time", settle() == 1 && !is_closed(guests[0]));
    seen.now_ms += 1;
    settle();
    check("then they end", is_closed(guests[0]) && is_closed(guests[count - 2]) && settle() == -1);
    while (count)
        close(guests[--count]);
}

/* 20 bytes of question for hundreds of answers, and nobody reads them. */
static void bounds_what_is_not_read(void) {
    begin();
    int guest = open_stream(1);
    made_query(&query, 1, "localhost", DNS_TYPE_ANY);
    uint8_t framed[64] = {0, (uint8_t)query.size};
    memcpy(framed + 2, query.bytes, query.size);
    unsigned written = 0;
    for (;;) {
        if (send(guest, framed, 2 + query.size, MSG_NOSIGNAL) > 0) {
            written++;
            continue;
        }
        settle();
        if (written > 1000000 || poll(&(struct pollfd){.fd = guest, .events = POLLOUT}, 1, 0) == 0)
            break;
    }
    check("who reads no replies is not read any more", written > 100 && written < 1000000);
    check("and bounded in what is kept for it", streams.streams[DNS_MAX_STREAMS - 1].replies.used - 16384 < 4096);
    unsigned got = 0;
    while (got < written && gets(guest, 1)) {
        got++;
        settle();
    }
    check("once it reads, it gets every reply", got == written);
    while (send(guest, framed, 2 + query.size, MSG_NOSIGNAL) > 0)
        settle();
    seen.now_ms += DNS_STREAM_IDLE_MS;
    settle();
    while (gets(guest, 1))
        ;
    check("who never does is left", is_closed(guest));
    close(guest);
}

int main(void) {
    upstream_open(&upstream);
    answers_in_fragments();
    answers_many_at_once();
    answers_from_servers();
    forgets_streams_that_ended();
    closes_streams_that_break_the_format();
    bounds_streams();
    bounds_what_is_not_read();
    tcp_clients_close(&streams);
    resolver_close(&resolver);
    return 0;
}
