#include "dns-upstream.h"

static struct resolver resolver;
static struct seen seen;
static struct upstream servers[2];
static struct made query, reply;

/* A resolver that knows the first so many servers, and time that begins anew. */
static void begin(size_t count) {
    resolver_close(&resolver);
    for (size_t i = 0; i < 2; i++)
        while (!upstream_gets_none(&servers[i]))
            ;
    seen = (struct seen){.now_ms = 1000};
    struct dns_hooks hooks = {.context = &seen, .reply = see_reply, .want_servers = see_wanted, .now_ms = see_now};
    resolver_open(&resolver, &hooks);
    const struct sockaddr_storage addresses[] = {servers[0].address, servers[1].address};
    if (count)
        resolver_set_servers(&resolver, addresses, count);
}

static int ask_as(uint32_t key) {
    struct dns_client client = {.key = key, .cookie = "who asks"};
    return resolver_query(&resolver, &client, query.bytes, query.size);
}

static void ask(const char *name) {
    made_query(&query, 0x4242, name, DNS_TYPE_A);
    check("it is asked", ask_as(1) == 0);
}

static void forwards(void) {
    begin(1);
    ask("Example.com");
    check("the server gets it", upstream_gets(&servers[0]));
    check("as it was asked", servers[0].query.size == query.size &&
                                 memcmp(servers[0].query.bytes + 12, query.bytes + 12, query.size - 12) == 0);
    check("poll(2) waits for this try", turn(&resolver, 0) == DNS_TRY_MS && !seen.replies);
    upstream_reply(&servers[0], 0, 2);
    turn(&resolver, 5000);
    check("the client gets the reply",
          seen.replies == 1 && answers_of(&seen.reply) == 2 && strcmp((char *)seen.client.cookie, "who asks") == 0);
    check("under its own id", dns_u16(seen.reply.bytes) == 0x4242);
    struct pollfd fds[1];
    int timeout_ms = -1;
    check("then nothing is watched, and nothing wakes up",
          resolver_poll_fill(&resolver, fds, 1, &timeout_ms) == 0 && timeout_ms == -1);
}

static void chooses_ids_and_ports_at_random(void) {
    begin(1);
    uint16_t ids[16];
    in_port_t ports[16];
    unsigned same_ids = 0, same_ports = 0;
    for (size_t i = 0; i < 16; i++) {
        ask("example.com");
        check("the server gets it", upstream_gets(&servers[0]));
        ids[i] = dns_u16(servers[0].query.bytes);
        ports[i] = ((struct sockaddr_in *)&servers[0].client)->sin_port;
        for (size_t j = 0; j < i; j++) {
            same_ids += ids[i] == ids[j];
            same_ports += ports[i] == ports[j];
        }
    }
    check("ids differ", same_ids <= 1);
    check("ports differ", same_ports == 0);
}

static void ignores_forged_replies(void) {
    begin(1);
    ask("example.com");
    check("the server gets it", upstream_gets(&servers[0]));
    made_reply(&reply, servers[0].query.bytes, servers[0].query.size, 0, 1);
    reply.bytes[0] ^= 1;
    upstream_send(&servers[0], &reply);
    reply.bytes[0] ^= 1;
    reply.bytes[13] ^= 0x20;
    upstream_send(&servers[0], &reply);
    reply.bytes[13] ^= 0x20;
    reply.bytes[2] &= 0x7f;
    upstream_send(&servers[0], &reply);
    reply.size = 0;
    upstream_send(&servers[0], &reply);
    servers[1].client = servers[0].client;
    servers[1].query = servers[0].query;
    upstream_reply(&servers[1], 0, 1);
    turn(&resolver, 5000);
    check("another id, another name, no reply, no bytes, another sender: none is taken", !seen.replies);
    made_reply(&reply, servers[0].query.bytes, servers[0].query.size, 0, 255);
    reply.size = DNS_UDP_BYTES + 1;
    upstream_send(&servers[0], &reply);
    turn(&resolver, 5000);
    check("nor is one that is longer than we said we take", !seen.replies);
    for (int i = 0; i < 100; i++)
        upstream_send(&servers[0], &reply);
    seen.now_ms += DNS_DEADLINE_MS;
    turn(&resolver, 5000);
    check("a flood of them does not keep the deadline from coming", seen.replies == 1 && code_of(&seen.reply) == 2);
}

static void asks_the_next_server(void) {
    static const unsigned codes[] = {DNS_SERVFAIL, DNS_REFUSED};
    for (size_t i = 0; i < 2; i++) {
        begin(2);
        ask("example.com");
        check("the first is asked first", upstream_gets(&servers[0]) && upstream_gets_none(&servers[1]));
        upstream_reply(&servers[0], codes[i], 0);
        turn(&resolver, 5000);
        check("after its failure the second one is", !seen.replies && upstream_gets(&servers[1]));
        upstream_reply(&servers[1], 0, 1);
        turn(&resolver, 5000);
        check("and answers", seen.replies == 1 && answers_of(&seen.reply) == 1);
    }
    begin(2);
    ask("example.com");
    for (size_t i = 0; i < 2; i++) {
        check("each is asked", upstream_gets(&servers[i]));
        upstream_reply(&servers[i], DNS_SERVFAIL, 0);
        turn(&resolver, 5000);
    }
    check("when all fail, so does the query", seen.replies == 1 && code_of(&seen.reply) == DNS_SERVFAIL);
    begin(2);
    ask("example.com");
    check("the first is asked", upstream_gets(&servers[0]));
    upstream_reply(&servers[0], DNS_NXDOMAIN, 0);
    turn(&resolver, 5000);
    check("a name that does not exist is an answer", seen.replies == 1 && code_of(&seen.reply) == DNS_NXDOMAIN);
}

static void survives_silence(void) {
    begin(2);
    ask("example.com");
    check("the first is asked", upstream_gets(&servers[0]));
    seen.now_ms += DNS_TRY_MS - 1;
    check("it has its time", turn(&resolver, 0) == 1 && upstream_gets_none(&servers[1]));
    seen.now_ms += 1;
    turn(&resolver, 0);
    check("then the second is asked", upstream_gets(&servers[1]));
    upstream_reply(&servers[0], 0, 1);
    turn(&resolver, 0);
    check("a late reply is not taken", !seen.replies);
    upstream_reply(&servers[1], 0, 2);
    turn(&resolver, 5000);
    check("the second's is", seen.replies == 1 && answers_of(&seen.reply) == 2);

    ask("example.net");
    check("the next query spares the silent one", upstream_gets(&servers[1]) && upstream_gets_none(&servers[0]));
    seen.now_ms += DNS_SILENT_SERVER_MS;
    ask("example.net");
    check("for a while", upstream_gets(&servers[0]));

    begin(2);
    ask("example.com");
    seen.now_ms += DNS_TRY_MS;
    turn(&resolver, 0);
    check("the silent one and the other are asked", upstream_gets(&servers[0]) && upstream_gets(&servers[1]));
    upstream_reply(&servers[1], DNS_SERVFAIL, 0);
    turn(&resolver, 5000);
    check("and the silent one again when the other fails", upstream_gets(&servers[0]));
    upstream_reply(&servers[0], 0, 1);
    turn(&resolver, 5000);
    ask("example.net");
    check("having answered, it is the first again", seen.replies == 1 && upstream_gets(&servers[0]));

    begin(2);
    ask("example.com");
    unsigned asked = 0;
    for (int ms = 0; ms < DNS_DEADLINE_MS; ms += DNS_TRY_MS) {
        asked += upstream_gets(&servers[ms / DNS_TRY_MS % 2]);
        check("there is no reply before the deadline", !seen.replies);
        seen.now_ms += DNS_TRY_MS;
        turn(&resolver, 0);
    }
    check("they are asked in turn", asked == 4);
    check("then the query fails", seen.replies == 1 && code_of(&seen.reply) == DNS_SERVFAIL);
}

static void hears_a_single_server_out(void) {
    begin(1);
    ask("example.com");
    check("it is asked", upstream_gets(&servers[0]));
    struct made first = servers[0].query;
    seen.now_ms += DNS_TRY_MS;
    turn(&resolver, 0);
    check("it is asked again, with the same bytes", upstream_gets(&servers[0]) && servers[0].query.size == first.size &&
                                                        memcmp(servers[0].query.bytes, first.bytes, first.size) == 0);
    upstream_reply(&servers[0], 0, 1);
    turn(&resolver, 5000);
    check("so that its late reply is good", seen.replies == 1 && answers_of(&seen.reply) == 1);
}

static void leaves_a_dead_server_at_once(void) {
    begin(2);
    struct upstream dead;
    upstream_open(&dead);
    upstream_close(&dead);
    const struct sockaddr_storage addresses[] = {dead.address, servers[1].address};
    resolver_set_servers(&resolver, addresses, 2);
    ask("example.com");
    turn(&resolver, 5000);
    check("nobody listens there: the next is asked", upstream_gets(&servers[1]));
}

static void wants_servers(void) {
    begin(0);
    ask("example.com");
    check("a query asks for servers", seen.wanted == 1);
    seen.now_ms += DNS_WANT_SERVERS_MS;
    ask("example.net");
    check("not within two seconds", seen.wanted == 1);
    check("and waits for them", turn(&resolver, 0) == DNS_DEADLINE_MS - DNS_WANT_SERVERS_MS && !seen.replies);
    resolver_set_servers(&resolver, &servers[0].address, 1);
    check("until they come", upstream_gets(&servers[0]) && upstream_gets(&servers[0]));
    resolver_set_servers(&resolver, &servers[0].address, 1);
    check("the same ones change nothing", upstream_gets_none(&servers[0]));
    resolver_set_servers(&resolver, &servers[1].address, 1);
    check("others are asked instead", upstream_gets(&servers[1]) && upstream_gets(&servers[1]));
    upstream_reply(&servers[1], 0, 1);
    turn(&resolver, 5000);
    check("and answer", seen.replies == 1 && answers_of(&seen.reply) == 1);
    seen.now_ms += 1;
    ask("example.org");
    check("two seconds later servers are wanted again", seen.wanted == 2);

    begin(0);
    ask("example.com");
    seen.now_ms += DNS_DEADLINE_MS;
    turn(&resolver, 0);
    check("without servers a query fails at its deadline", seen.replies == 1 && code_of(&seen.reply) == DNS_SERVFAIL);
    ask("example.com");
    struct sockaddr_storage useless = {.ss_family = AF_UNIX};
    resolver_set_servers(&resolver, &useless, 1);
    check("or when there are none", seen.replies == 2 && code_of(&seen.reply) == DNS_SERVFAIL);
    ask("example.com");
    check("and then at once", seen.replies == 3 && code_of(&seen.reply) == DNS_SERVFAIL);
}

static void starts_anew_with_other_servers(void) {
    begin(2);
    ask("example.com");
    check("the first is asked", upstream_gets(&servers[0]));
    upstream_reply(&servers[0], DNS_SERVFAIL, 0);
    turn(&resolver, 5000);
    check("then the second", upstream_gets(&servers[1]));
    const struct sockaddr_storage reversed[] = {servers[1].address, servers[0].address};
    resolver_set_servers(&resolver, reversed, 2);
    check("which remains among the new ones", upstream_gets_none(&servers[1]));
    seen.now_ms += DNS_TRY_MS;
    turn(&resolver, 0);
    check("the one that failed may do better now", upstream_gets(&servers[0]));
    upstream_reply(&servers[0], DNS_SERVFAIL, 0);
    turn(&resolver, 5000);
    check("it does not", !seen.replies && upstream_gets(&servers[1]));
    upstream_reply(&servers[1], 0, 1);
    turn(&resolver, 5000);
    check("the other does", seen.replies == 1 && answers_of(&seen.reply) == 1);
}

static void takes_usable_addresses(void) {
    struct dns_servers set, other;
    struct sockaddr_storage addresses[12] = {0};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = 1};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(53), .sin6_scope_id = 3};
    memcpy(&addresses[0], &v4, sizeof v4);
    memcpy(&addresses[1], &v6, sizeof v6);
    dns_servers_set(&set, addresses, 3);
    check("no port, no family: no server", set.count == 1 && dns_servers_index(&set, &addresses[1]) == 0);
    memset((uint8_t *)&addresses[1] + sizeof v6, 0xff, 4);
    dns_servers_set(&other, addresses, 3);
    check("bytes behind an address do not matter", dns_servers_equal(&set, &other));
    v6.sin6_scope_id = 4;
    memcpy(&addresses[1], &v6, sizeof v6);
    dns_servers_set(&other, addresses, 3);
    check("the interface of a link-local one does", !dns_servers_equal(&set, &other));
    for (size_t i = 0; i < 12; i++)
        addresses[i] = servers[0].address;
    dns_servers_set(&set, addresses, 12);
    check("there are eight at most", set.count == DNS_MAX_SERVERS);
    check("none is next when all have failed", dns_servers_next(&set, -1, 0xff, 0) == -1);
}

int main(void) {
    for (size_t i = 0; i < 2; i++)
        upstream_open(&servers[i]);
    forwards();
    chooses_ids_and_ports_at_random();
    ignores_forged_replies();
    asks_the_next_server();
    survives_silence();
    hears_a_single_server_out();
    leaves_a_dead_server_at_once();
    wants_servers();
    starts_anew_with_other_servers();
    takes_usable_addresses();
    resolver_close(&resolver);
    return 0;
}
