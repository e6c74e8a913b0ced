/* What is too much for a datagram, and too much for us. */
#include "dns-upstream.h"

static struct resolver resolver;
static struct seen seen;
static struct upstream server, other;
static struct made query, reply;

static void begin(size_t count) {
    resolver_close(&resolver);
    while (!upstream_gets_none(&server) || !upstream_gets_none(&other))
        ;
    seen = (struct seen){.now_ms = 1000};
    struct dns_hooks hooks = {.context = &seen, .reply = see_reply, .now_ms = see_now};
    resolver_open(&resolver, &hooks);
    const struct sockaddr_storage addresses[] = {server.address, other.address};
    resolver_set_servers(&resolver, addresses, count);
}

static int ask(uint32_t key, bool over_tcp) {
    struct dns_client client = {.key = key, .over_tcp = over_tcp};
    return resolver_query(&resolver, &client, query.bytes, query.size);
}

/* The server's end of a connection over TCP, with the query read from it. */
static int accept_query(struct made *got) {
    turn(&resolver, 5000);
    int fd = accept4(server.tcp, NULL, NULL, SOCK_CLOEXEC);
    if (!read_message(fd, got))
        exit(2);
    return fd;
}

static void truncate_over_udp(void) {
    check("the server gets it", upstream_gets(&server));
    upstream_reply(&server, 0x0200, 3);
    turn(&resolver, 5000);
    check("a truncated reply is not passed on", !seen.replies);
}

static void asks_again_over_tcp(void) {
    static const struct {
        const char *what;
        bool over_tcp;
        unsigned edns_size, kept;
    } cases[] = {
        {"over TCP the reply is whole", true, 0, 200},
        {"a client without EDNS gets what fits into 512 bytes", false, 0, 30},
        {"one with it gets what it takes", false, 4096, 200},
        {"but no more", false, 1232, 74},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(1);
        made_query(&query, 0x4242, "example.com", DNS_TYPE_A);
        if (cases[i].edns_size)
            made_edns(&query, cases[i].edns_size, 0);
        check("it is asked", ask(1, cases[i].over_tcp) == 0);
        truncate_over_udp();
        static struct made got;
        int fd = accept_query(&got);
        check("the server gets the same question over TCP",
              memcmp(got.bytes + 12, query.bytes + 12, strlen("example.com") + 6) == 0);
        made_reply(&reply, got.bytes, got.size, 0, 200);
        /* In pieces, as a network may bring it. */
        uint8_t length[2];
        dns_put_u16(length, (unsigned)reply.size);
        write_all(fd, length, 1);
        turn(&resolver, 5000);
        write_all(fd, length + 1, 1);
        turn(&resolver, 5000);
        write_all(fd, reply.bytes, 700);
        turn(&resolver, 5000);
        check("half a reply is none", !seen.replies);
        write_all(fd, reply.bytes + 700, reply.size - 700);
        while (!seen.replies)
            turn(&resolver, 5000);
        check(cases[i].what, answers_of(&seen.reply) == cases[i].kept && dns_u16(seen.reply.bytes) == 0x4242 &&
                                 dns_reply_is_truncated(seen.reply.bytes) == (cases[i].kept < 200));
        close(fd);
    }
}

/* What the server does with the connection; each time the truncated reply is better than none. */
static void lives_without_tcp(void) {
    for (int way = 0; way < 4; way++) {
        begin(1);
        made_query(&query, 0x4242, "example.com", DNS_TYPE_A);
        check("it is asked", ask(1, false) == 0);
        truncate_over_udp();
        static struct made got;
        int fd = accept_query(&got);
        made_reply(&reply, got.bytes, got.size, 0, 200);
        reply.bytes[0] ^= way == 1;
        reply.bytes[13] ^= way == 2;
        if (way == 1 || way == 2)
            write_message(fd, &reply);
        if (way == 3)
            seen.now_ms += DNS_TRY_MS;
        else
            close(fd);
        for (int i = 0; i < 10 && !seen.replies; i++)
            turn(&resolver, way == 3 ? 0 : 5000);
        check("an end, another id, another name, silence: the truncated reply it is",
              seen.replies == 1 && answers_of(&seen.reply) == 3 && dns_reply_is_truncated(seen.reply.bytes) &&
                  dns_u16(seen.reply.bytes) == 0x4242);
        if (way == 3)
            close(fd);
    }
    begin(2);
    made_query(&query, 0x4242, "example.com", DNS_TYPE_A);
    check("it is asked", ask(1, true) == 0);
    truncate_over_udp();
    static struct made got;
    close(accept_query(&got));
    turn(&resolver, 5000);
    check("another server is asked before", upstream_gets(&other));
    upstream_reply(&other, 2, 0);
    turn(&resolver, 5000);
    check("over TCP part of a reply is none", seen.replies == 1 && code_of(&seen.reply) == DNS_SERVFAIL);
}

static void bounds_what_a_box_may_have_pending(void) {
    begin(1);
    made_query(&query, 1, "example.com", DNS_TYPE_A);
    for (unsigned i = 0; i < DNS_MAX_PENDING_OF_KEY; i++)
        if (ask(1, false))
            check("each of 64 is asked", false);
    check("one datagram more is dropped", ask(1, false) == -1 && !seen.replies);
    check("one more over TCP fails", ask(1, true) == 0 && seen.replies == 1 && code_of(&seen.reply) == DNS_SERVFAIL);
    check("another box is not concerned", ask(2, false) == 0 && seen.replies == 1);
    made_query(&query, 1, "localhost", DNS_TYPE_A);
    check("nor are local names", ask(1, false) == 0 && seen.replies == 2 && answers_of(&seen.reply) == 1);
    made_query(&query, 1, "example.com", DNS_TYPE_A);
    for (uint32_t key = 2; key < 6; key++)
        for (unsigned i = 0; i < DNS_MAX_PENDING_OF_KEY; i++)
            (void)ask(key, false);
    check("all together are bounded, too", ask(9, false) == -1);
    resolver_drop_client(&resolver, 1);
    check("a box that is gone makes room", ask(9, false) == 0 && seen.replies == 2);
    struct pollfd fds[DNS_RESOLVER_FDS];
    int timeout_ms = 1;
    check("its queries are not watched", resolver_poll_fill(&resolver, fds, DNS_RESOLVER_FDS, &timeout_ms) ==
                                             DNS_MAX_PENDING - DNS_MAX_PENDING_OF_KEY + 1);
    check("a shorter time-out stays", timeout_ms == 1);
    seen.now_ms += DNS_DEADLINE_MS;
    turn(&resolver, 0);
    check("and nobody answers them", seen.replies == 2 + DNS_MAX_PENDING - DNS_MAX_PENDING_OF_KEY + 1);
}

static void bounds_connections_to_servers(void) {
    begin(1);
    made_query(&query, 1, "example.com", DNS_TYPE_A);
    for (unsigned i = 0; i <= DNS_MAX_TCP_OF_KEY; i++) {
        check("it is asked", ask(1, false) == 0 && upstream_gets(&server));
        upstream_reply(&server, 0x0200, 3);
        turn(&resolver, 5000);
    }
    while (!seen.replies)
        turn(&resolver, 5000);
    check("a box has so many, then it gets what came over UDP", seen.replies == 1 && answers_of(&seen.reply) == 3);
    int fds[DNS_MAX_TCP_OF_KEY];
    for (unsigned i = 0; i < DNS_MAX_TCP_OF_KEY; i++)
        fds[i] = accept4(server.tcp, NULL, NULL, SOCK_CLOEXEC);
    for (unsigned i = 0; i < DNS_MAX_TCP_OF_KEY; i++)
        close(fds[i]);
}

static void answers_itself(void) {
    static const struct {
        const char *what, *name;
        unsigned type, code, answers;
    } cases[] = {
        {"a local name", "Host.boxlite.internal", DNS_TYPE_A, DNS_NOERROR, 1},
        {"without an address of IPv6", "host.boxlite.internal", DNS_TYPE_AAAA, DNS_NOERROR, 0},
        {"a name of the domain that there is not", "x.boxlite.internal", DNS_TYPE_A, DNS_NXDOMAIN, 0},
        {"localhost", "localhost", DNS_TYPE_AAAA, DNS_NOERROR, 1},
        {"a subdomain of it", "db.localhost", DNS_TYPE_A, DNS_NOERROR, 1},
        {"a transfer of a zone", "example.com", DNS_TYPE_AXFR, DNS_REFUSED, 0},
        {"a transfer of what is new in it", "example.com", 251, DNS_REFUSED, 0},
    };
    begin(1);
    struct dns_addresses host = {.v4_count = 1, .v4 = {{htonl(0x0a000202)}}};
    check("a name is added", dns_local_names_set(&resolver.names, "host.boxlite.internal", &host) == 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made_query(&query, 1, cases[i].name, cases[i].type);
        seen.replies = 0;
        check(cases[i].what, ask(1, false) == 0 && seen.replies == 1 && code_of(&seen.reply) == cases[i].code &&
                                 answers_of(&seen.reply) == cases[i].answers);
    }
    made_query(&query, 1, "version.bind", 16);
    query.bytes[query.size - 1] = 3;
    check("another class is refused", ask(1, false) == 0 && code_of(&seen.reply) == DNS_REFUSED);
    made_query(&query, 1, "example.com", DNS_TYPE_A);
    query.bytes[2] = 0x10;
    check("another operation is not implemented", ask(1, false) == 0 && code_of(&seen.reply) == DNS_NOTIMP);
    query.bytes[2] = 0x80;
    check("a reply has none", ask(1, false) == -1 && seen.replies == 3);
    check("no server has seen any of it", upstream_gets_none(&server));
}

int main(void) {
    upstream_open(&server);
    upstream_open(&other);
    asks_again_over_tcp();
    lives_without_tcp();
    bounds_what_a_box_may_have_pending();
    bounds_connections_to_servers();
    answers_itself();
    resolver_close(&resolver);
    return 0;
}
