/* What a box's resolver asks the host's servers where only listed names are resolved: a query, too, leads out. */
#include <stddef.h>

#include "net-process.h"

enum { DNS_PORT = 53, NXDOMAIN = 3, QUERIES = 50000, PAGES_OF_6_MIB = 6 * 256 };

static struct made_frame frame;
static int server;

static void set_policy(void) {
    static struct net_policy policy = {.type = NET_POLICY, .mode = NET_MODE_LISTED, .rule_count = 2};
    policy.rules[0] = (struct net_rule){.kind = NET_RULE_NAME, .last_port = UINT16_MAX, .name = "git.test"};
    policy.rules[1] = (struct net_rule){.kind = NET_RULE_BELOW, .last_port = UINT16_MAX, .name = "wild.test"};
    tell(&policy, offsetof(struct net_policy, rules) + 2 * sizeof policy.rules[0], -1);
    check("a policy is set", answer().code == 0);
}

/* @param labels each behind its length */
static void ask(const void *labels, size_t size) {
    static const uint8_t header[] = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, end[] = {0, 0, 1, 0, 1};
    uint8_t query[512];
    memcpy(query, header, sizeof header);
    memcpy(query + sizeof header, labels, size);
    memcpy(query + sizeof header + size, end, sizeof end);
    make_udp(&frame, BOX4, RESOLVER4, 40000, DNS_PORT, query, sizeof header + size + sizeof end);
    send_frame(&frame);
}

static bool is_kept(const void *labels, size_t size) {
    ask(labels, size);
    return next_frame(WAIT_MS) && packet.kind == PACKET_UDP && (packet.transport[8 + 3] & 15) == NXDOMAIN &&
           !readable(server, 0);
}

static bool is_asked(const void *labels, size_t size) {
    uint8_t query[512];
    ask(labels, size);
    return readable(server, WAIT_MS) && recv(server, query, sizeof query, 0) > 0;
}

#define NAME(text) text, sizeof text - 1

static void asks_for_listed_names_alone(void) {
    check("a listed name is asked for", is_asked(NAME("\3git\4test")));
    check("in any case", is_asked(NAME("\3GiT\4TEST")));
    check("what is below a listed one, too", is_asked(NAME("\1a\1b\4wild\4test")));
    check("another is not", is_kept(NAME("\5other\4test")));
    check("nor one that begins so", is_kept(NAME("\3git\4test\5other")));
    check("nor one that ends so", is_kept(NAME("\1x\3git\4test")));
    check("nor the root", is_kept("", 0));
    check("nor a label with a dot", is_kept(NAME("\10git.test")));
    check("nor a listed name before a label with a dot", is_kept(NAME("\3git\4test\3x.y\5other")));
    check("or before one with a zero", is_kept(NAME("\3git\4test\3x\0y\5other")));
    check("or a label with a zero behind its text", is_kept(NAME("\3git\5test\0\5other")));
    check("nor a label with a dot below a listed name", is_kept(NAME("\3x.y\4wild\4test")));
    check("nor a wildcard's name in another label", is_kept(NAME("\1a\4wild\4test\3x.y\5other")));
}

/* To a server that hears them and never answers. */
static void bears_a_flood_of_queries(void) {
    static const struct net_policy open = {.type = NET_POLICY, .mode = NET_MODE_OPEN};
    char labels[] = "\7any0000\4test", query[512];
    tell(&open, offsetof(struct net_policy, rules), -1);
    check("all names are resolved", answer().code == 0);
    long before = resident_pages();
    for (int i = 0; i < QUERIES; i++) {
        snprintf(labels + 4, 5, "%04d", i % 10000);
        labels[8] = 4; /* where snprintf has put the end */
        ask(labels, sizeof labels - 1);
        while (next_frame(0) || recv(server, query, sizeof query, MSG_DONTWAIT) > 0)
            ;
    }
    check("queries that nobody answers do not make it grow", resident_pages() - before < PAGES_OF_6_MIB);
    ask(NAME("\4host\7boxlite\10internal"));
    bool served = false;
    while (!served && next_frame(WAIT_MS))
        served = packet.kind == PACKET_UDP && (packet.transport[8 + 3] & 15) == 0;
    check("nor keep it from answering others", served);
}

int main(void) {
    struct net_resolvers resolvers = {.type = NET_RESOLVERS, .count = 1};
    uint16_t port = DNS_PORT;
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 2;
    enter_namespace();
    start(NET_SAME_USER);
    set_policy();
    server = bound(OUTSIDE4, SOCK_DGRAM, &port);
    socket_address(OUTSIDE4, DNS_PORT, &resolvers.servers[0]);
    tell(&resolvers, sizeof resolvers, -1);
    asks_for_listed_names_alone();
    bears_a_flood_of_queries();
    check("it ends with its shim", stop());
    return 0;
}
