/* The whole server, as its owner sees it: guests that ask over TCP, and those that ask over UDP beside them. */
#include "net/dns/server.h"

#include "dns-upstream.h"

static struct dns_server server;
static struct seen seen;
static struct upstream upstream;
static struct made query, reply;
static struct pollfd fds[DNS_SERVER_FDS];

static void begin(void) {
    if (seen.now_ms)
        dns_server_close(&server);
    while (!upstream_gets_none(&upstream))
        ;
    seen = (struct seen){.now_ms = 1000};
    struct dns_hooks hooks = {.context = &seen, .reply = see_reply, .want_servers = see_wanted, .now_ms = see_now};
    dns_server_open(&server, &hooks);
    dns_server_set_servers(&server, &upstream.address, 1);
    made_query(&query, 0x4242, "localhost", DNS_TYPE_A);
}

/* Until nothing happens any more. */
static int settle(void) {
    int timeout_ms, ready;
    do {
        timeout_ms = -1;
        size_t n = dns_server_poll_fill(&server, fds, DNS_SERVER_FDS, &timeout_ms);
        ready = poll(fds, n, 0);
        dns_server_poll_done(&server, fds, n);
    } while (ready > 0);
    return timeout_ms;
}

/* The guest's end, which never blocks. */
static int open_stream(uint32_t key) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
        exit(2);
    (void)dns_server_stream(&server, ends[0], key);
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
    check("which is not the owner's", !seen.replies);
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
    dns_server_query(&server, &by_udp, query.bytes, query.size);
    check("a datagram's reply goes to the owner",
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
    dns_server_drop(&server, 1);
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
    check("and bounded in what is kept for it",
          server.streams.streams[DNS_MAX_STREAMS - 1].replies.used - 16384 < 4096);
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
    dns_server_close(&server);
    return 0;
}
