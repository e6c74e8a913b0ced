#include "net/policy/policy.h"

#include <string.h>

#include "frames.h"
#include "net/names/grants.h"

static struct policy policy;
static struct net_policy wanted;
static uint64_t now_ms = 1000;

static void begin(enum net_mode mode) { wanted = (struct net_policy){.type = NET_POLICY, .mode = mode}; }

static struct net_rule *add(bool denies, enum net_rule_kind kind, const char *what, uint8_t prefix) {
    struct net_rule *rule = &wanted.rules[wanted.rule_count++];
    *rule = (struct net_rule){
        .denies = denies, .kind = (uint8_t)kind, .prefix_length = prefix, .last_port = UINT16_MAX};
    if (kind == NET_RULE_ADDRESS)
        rule->address = address(what);
    else
        snprintf(rule->name, sizeof rule->name, "%s", what);
    return rule;
}

static void set(void) {
    struct err err;
    check("the policy is taken", policy_set(&policy, &wanted, &err) == 0);
}

static struct packet packet(enum packet_kind kind, const char *to, uint16_t port) {
    return (struct packet){.kind = kind, .destination = address(to), .source_port = 40000, .destination_port = port};
}

static bool allows(const char *to, uint16_t port) {
    struct packet syn = packet(PACKET_TCP, to, port);
    return policy_decide(&policy, &syn, now_ms).allowed;
}

static bool allows_datagram(const char *to, uint16_t port, uint16_t from) {
    struct packet datagram = packet(PACKET_UDP, to, port);
    datagram.source_port = from;
    return policy_decide(&policy, &datagram, now_ms).allowed;
}

static void grant(const char *name, const char *to, uint32_t ttl) {
    struct in6_addr given = address(to);
    policy_granted(&policy, name, &given, ttl, now_ms);
}

static void modes(void) {
    begin(NET_MODE_OPEN);
    set();
    check("open reaches the world", allows("::ffff:8.8.8.8", 443) && allows("2001:db8::1", 443));
    check("open reaches private addresses", allows("::ffff:192.168.1.1", 80) && allows("fd12::1", 80));
    check("open does not reach the host", !allows("::ffff:127.0.0.1", 80) && !allows("::1", 80));
    check("open does not reach metadata", !allows("::ffff:169.254.169.254", 80));
    begin(NET_MODE_PUBLIC);
    set();
    check("public reaches the world", allows("::ffff:8.8.8.8", 443));
    check("public reaches nothing private", !allows("::ffff:10.1.2.3", 80) && !allows("::ffff:172.31.0.1", 80) &&
                                                !allows("::ffff:192.168.1.1", 80) && !allows("::ffff:100.64.0.1", 80) &&
                                                !allows("fd12::1", 80) && !allows("fec0::1", 80));
    check("public sees a private address behind NAT64 and 6to4",
          !allows("64:ff9b::10.1.2.3", 80) && !allows("2002:a01:203::1", 80) && !allows("64:ff9b:1::8.8.8.8", 80));
    check("public stops at the range's end", allows("::ffff:172.32.0.1", 80) && allows("::ffff:100.128.0.1", 80));
    begin(NET_MODE_LISTED);
    set();
    check("listed reaches nothing without rules", !allows("::ffff:8.8.8.8", 443));
    check("listed resolves nothing without rules", !policy_resolves(&policy, "example.com"));
    begin(NET_MODE_INTERNAL);
    set();
    check("internal reaches nothing", !allows("::ffff:8.8.8.8", 443) && !policy_resolves(&policy, "example.com"));
}

static void addresses(void) {
    begin(NET_MODE_LISTED);
    add(false, NET_RULE_ADDRESS, "::ffff:10.1.0.0", 96 + 16);
    struct net_rule *web = add(false, NET_RULE_ADDRESS, "::ffff:8.8.8.8", 128);
    web->first_port = web->last_port = 443;
    web->protocol = IPPROTO_TCP;
    add(true, NET_RULE_ADDRESS, "::ffff:10.1.2.0", 96 + 23);
    add(false, NET_RULE_ADDRESS, "::ffff:127.0.0.0", 96 + 8);
    set();
    check("a prefix is allowed", allows("::ffff:10.1.0.1", 22) && allows("::ffff:10.1.255.255", 22));
    check("its neighbours are not", !allows("::ffff:10.0.255.255", 22) && !allows("::ffff:10.2.0.0", 22));
    check("a port is allowed", allows("::ffff:8.8.8.8", 443) && !allows("::ffff:8.8.8.8", 80));
    check("of one protocol", !allows_datagram("::ffff:8.8.8.8", 443, 1));
    check("what one rule denies no other allows",
          !allows("::ffff:10.1.2.1", 22) && !allows("::ffff:10.1.3.255", 22) && allows("::ffff:10.1.4.0", 22));
    check("no rule opens the host", !allows("::ffff:127.0.0.1", 22));
    begin(NET_MODE_OPEN);
    add(true, NET_RULE_ADDRESS, "::ffff:10.1.2.0", 96 + 23);
    set();
    check("what is denied is so behind NAT64 and 6to4, too",
          !allows("64:ff9b::10.1.2.1", 22) && !allows("2002:a01:201::1", 22) && allows("64:ff9b::10.1.4.1", 22));
    begin(NET_MODE_PUBLIC);
    add(false, NET_RULE_ADDRESS, "::ffff:192.168.1.5", 128);
    set();
    check("an address opens a private one", allows("::ffff:192.168.1.5", 22) && !allows("::ffff:192.168.1.6", 22));
}

static void names(void) {
    begin(NET_MODE_LISTED);
    add(false, NET_RULE_NAME, "git.example.com", 0);
    add(false, NET_RULE_BELOW, "cdn.example", 0);
    add(true, NET_RULE_NAME, "bad.cdn.example", 0);
    set();
    check("a name is resolved in any case", policy_resolves(&policy, "GIT.example.COM"));
    check("no other name is",
          !policy_resolves(&policy, "example.com") && !policy_resolves(&policy, "xgit.example.com"));
    check("names below a wildcard are", policy_resolves(&policy, "a.b.cdn.example"));
    check("the wildcard's own name is not",
          !policy_resolves(&policy, "cdn.example") && !policy_resolves(&policy, "evilcdn.example"));
    check("a denied name is not", !policy_resolves(&policy, "bad.cdn.example"));
    check("an address that was not given is shut",
          !allows("::ffff:9.9.9.9", 22) && !allows_datagram("::ffff:9.9.9.9", 443, 1));
    grant("git.example.com", "::ffff:9.9.9.9", 60);
    check("a given address is open to every port", allows("::ffff:9.9.9.9", 22) && allows("::ffff:9.9.9.9", 443));
    check("and to every protocol", allows_datagram("::ffff:9.9.9.9", 443, 2));
    check("also from a port that was refused before", allows_datagram("::ffff:9.9.9.9", 443, 1));
    check("others stay shut", !allows("::ffff:9.9.9.8", 22));
    grant("other.example.com", "::ffff:9.9.9.8", 60);
    check("a name without a rule gives nothing", !allows("::ffff:9.9.9.8", 22));
    now_ms += 60 * 1000;
    check("the grant ends with its TTL", !allows("::ffff:9.9.9.9", 22));
    check("a flow that goes on is not cut", allows_datagram("::ffff:9.9.9.9", 443, 2));
    check("a new flow is", !allows_datagram("::ffff:9.9.9.9", 443, 3));
    grant("git.example.com", "::ffff:9.9.9.9", 0);
    now_ms += 10 * 1000;
    check("a TTL of 0 leaves time to connect", allows("::ffff:9.9.9.9", 22));
    now_ms += 60 * 1000;
    check("and no more", !allows("::ffff:9.9.9.9", 22));
    grant("git.example.com", "::ffff:127.0.0.1", 60);
    grant("git.example.com", "::ffff:169.254.169.254", 60);
    check("a name that points to the host opens nothing",
          !allows("::ffff:127.0.0.1", 22) && !allows("::ffff:169.254.169.254", 80));
    for (int i = 0; i < 3 * MAX_GRANTS; i++) {
        char text[64];
        snprintf(text, sizeof text, "::ffff:11.0.%d.%d", i / 256, i % 256);
        grant("git.example.com", text, 60);
    }
    check("the newest of many addresses are known", allows("::ffff:11.0.11.255", 22));
}

static void rebinding(void) {
    begin(NET_MODE_PUBLIC);
    add(false, NET_RULE_NAME, "evil.example", 0);
    set();
    grant("evil.example", "::ffff:192.168.1.1", 60);
    check("a name opens no private address", !allows("::ffff:192.168.1.1", 80));
    begin(NET_MODE_LISTED);
    add(false, NET_RULE_NAME, "git.corp", 0);
    set();
    grant("git.corp", "::ffff:192.168.1.1", 60);
    check("but where the list alone counts", allows("::ffff:192.168.1.1", 80));
}

/* git.corp is an alias of b.corp, whose address has a shorter life; c.corp's was not asked for. */
static const uint8_t reply[] = {
    0,    1,  0x81, 0x80, 0, 1, 0, 3,   0,    0,  0, 0, 3, 'g', 'i',  't', 4,    'c', 'o', 'r', 'p', 0, 0, 1, 0, 1,
    0xc0, 12, 0,    5,    0, 1, 0, 0,   1,    0,  0, 4, 1, 'b', 0xc0, 16,  0xc0, 38,  0,   1,   0,   1, 0, 0, 0, 90,
    0,    4,  9,    8,    7, 6, 1, 'c', 0xc0, 16, 0, 1, 0, 1,   0,    0,   0,    90,  0,   4,   9,   8, 7, 5,
};

static void replies(void) {
    begin(NET_MODE_LISTED);
    add(false, NET_RULE_NAME, "git.corp", 0);
    set();
    grants_from_reply(&policy, reply, sizeof reply, now_ms);
    check("aliases are followed from the name asked for", allows("::ffff:9.8.7.6", 22));
    check("what was not asked for counts for nothing", !allows("::ffff:9.8.7.5", 22));
    struct packet syn = packet(PACKET_TCP, "::ffff:9.8.7.6", 22);
    struct verdict verdict = policy_decide(&policy, &syn, now_ms);
    check("the name asked for is told", verdict.rule == 0 && strcmp(verdict.name, "git.corp") == 0);
    begin(NET_MODE_LISTED);
    add(false, NET_RULE_NAME, "b.corp", 0);
    set();
    grants_from_reply(&policy, reply, sizeof reply, now_ms);
    check("an alias is judged by the name asked for", !allows("::ffff:9.8.7.6", 22));
    for (size_t i = 0; i < sizeof reply; i++)
        grants_from_reply(&policy, reply, i, now_ms);
    check("a reply that is cut gives nothing", !allows("::ffff:9.8.7.6", 22));
}

static void hosts(void) {
    begin(NET_MODE_OPEN);
    wanted.host_port_count = 2;
    wanted.host_ports[0] = 5432;
    wanted.host_ports[1] = 80;
    set();
    check("listed ports of the host are open", policy_allows_host(&policy, 5432) && policy_allows_host(&policy, 80));
    check("others are not", !policy_allows_host(&policy, 22) && !policy_allows_host(&policy, 0));
}

static void malformed(void) {
    struct err err;
    begin(NET_MODE_OPEN);
    set();
    wanted.mode = NET_MODE_INTERNAL + 1;
    check("an unknown mode is refused", policy_set(&policy, &wanted, &err) < 0);
    begin(NET_MODE_INTERNAL);
    add(false, NET_RULE_NAME, "", 0);
    check("a rule without a name is refused", policy_set(&policy, &wanted, &err) < 0);
    begin(NET_MODE_INTERNAL);
    add(false, NET_RULE_ADDRESS, "::1", 129);
    check("a prefix that is too long is refused", policy_set(&policy, &wanted, &err) < 0);
    begin(NET_MODE_INTERNAL);
    memset(add(false, NET_RULE_NAME, "x", 0)->name, 'x', NET_NAME_BYTES);
    check("a name without an end is refused", policy_set(&policy, &wanted, &err) < 0);
    check("what was refused changes nothing", allows("::ffff:8.8.8.8", 443));
}

static void changes(void) {
    begin(NET_MODE_LISTED);
    add(false, NET_RULE_NAME, "old.example", 0);
    set();
    grant("old.example", "::ffff:192.0.2.7", 60);
    check("a flow is allowed", allows_datagram("::ffff:192.0.2.7", 443, 50001));
    begin(NET_MODE_LISTED);
    add(true, NET_RULE_ADDRESS, "::ffff:198.51.100.0", 120);
    add(false, NET_RULE_NAME, "old.example", 0);
    set();
    check("what a name has been given stays open when rules are added", allows("::ffff:192.0.2.7", 443));
    now_ms += 61 * 1000;
    check("until its time is over", !allows("::ffff:192.0.2.7", 443));
    struct in6_addr to = address("::ffff:192.0.2.7"), other = address("::ffff:192.0.2.8");
    check("a connection to it may go on even then", policy_admits(&policy, &to, 443, IPPROTO_TCP));
    check("and a flow goes on", allows_datagram("::ffff:192.0.2.7", 443, 50001));
    check("but nothing else", !policy_admits(&policy, &other, 443, IPPROTO_TCP));
    begin(NET_MODE_LISTED);
    add(false, NET_RULE_NAME, "new.example", 0);
    set();
    check("a name that no rule has any more is shut", !policy_admits(&policy, &to, 443, IPPROTO_TCP));
    check("with its flows", !allows_datagram("::ffff:192.0.2.7", 443, 50001));
}

static struct packet datagram(const char *to, uint16_t port, uint16_t from) {
    struct packet packet = {.kind = PACKET_UDP, .source_port = from, .destination_port = port};
    inet_pton(AF_INET6, to, &packet.destination);
    return packet;
}

static void members(void) {
    begin(NET_MODE_LISTED);
    add(false, NET_RULE_NAME, "vpn.example.com", 0);
    add(true, NET_RULE_ADDRESS, "::ffff:172.18.0.9", 128);
    set();
    const struct packet to = datagram("::ffff:172.18.0.2", 53, 7), denied = datagram("::ffff:172.18.0.9", 53, 7);
    check("a member is reached in any mode", policy_decide_member(&policy, &to, now_ms).allowed);
    check("but for one that is denied", !policy_decide_member(&policy, &denied, now_ms).allowed);
    check("which opens nothing outside", !policy_decide(&policy, &to, now_ms).allowed);
    check("and what is shut outside shuts no member", policy_decide_member(&policy, &to, now_ms).allowed);
    grant("vpn.example.com", "::ffff:9.9.9.9", 30);
    check("a flow to the outside is allowed", allows_datagram("::ffff:9.9.9.9", 443, 7));
    for (uint16_t from = 1; from <= 2 * MAX_FLOWS; from++) {
        struct packet heard = datagram("::ffff:10.0.2.15", 80, from);
        inet_pton(AF_INET6, "::ffff:172.18.0.9", &heard.source);
        policy_heard(&policy, &heard, now_ms);
    }
    const struct packet answer = datagram("::ffff:172.18.0.9", 2 * MAX_FLOWS, 80);
    check("a denied member that has sent something is answered",
          policy_decide_member(&policy, &answer, now_ms).allowed);
    now_ms += 60 * 1000;
    check("however much it sends, the flow goes on", allows_datagram("::ffff:9.9.9.9", 443, 7));
}

static bool is_cut(const char *member, uint16_t port, uint16_t box_port) {
    const struct in6_addr at = address(member);
    return policy_cuts_member(&policy, &at, port, box_port);
}

static bool begins_with_member(const char *member, uint16_t port, uint16_t box_port) {
    struct packet syn = packet(PACKET_TCP, member, port);
    syn.source_port = box_port;
    return policy_decide_member(&policy, &syn, now_ms).allowed;
}

static void connections_to_members(void) {
    begin(NET_MODE_OPEN);
    set();
    check("connections to members begin", begins_with_member("::ffff:172.18.0.2", 80, 1) &&
                                              begins_with_member("::ffff:172.18.0.2", 443, 2) &&
                                              begins_with_member("fd00:18::3", 80, 1));
    add(true, NET_RULE_ADDRESS, "::ffff:172.18.0.2", 128)->last_port = 80;
    set();
    check("a connection that is denied now is cut", is_cut("::ffff:172.18.0.2", 80, 1));
    check("another one to the same member goes on", !is_cut("::ffff:172.18.0.2", 443, 2));
    check("so does one to another member", !is_cut("fd00:18::3", 80, 1));
    check("and what the member has begun", !is_cut("::ffff:172.18.0.2", 1, 80));
    add(true, NET_RULE_ADDRESS, "fd00:18::", 64);
    set();
    check("a later denial cuts more", is_cut("fd00:18::3", 80, 1) && is_cut("::ffff:172.18.0.2", 80, 1));
    begin(NET_MODE_OPEN);
    set();
    check("nothing is cut that is allowed again", !is_cut("::ffff:172.18.0.2", 80, 1));
    for (uint32_t i = 0; i < MAX_CONNECTIONS; i++)
        (void)begins_with_member("::ffff:172.18.0.4", (uint16_t)(i + 1), 3);
    add(true, NET_RULE_ADDRESS, "::ffff:172.18.0.0", 112);
    set();
    check("the newest are known, however many there were", is_cut("::ffff:172.18.0.4", 1, 3));
    check("and no older ones", !is_cut("::ffff:172.18.0.2", 80, 1));
}

static void denied_names(void) {
    begin(NET_MODE_LISTED);
    add(false, NET_RULE_NAME, "api.test", 0);
    add(true, NET_RULE_NAME, "db", 0);
    add(true, NET_RULE_BELOW, "quiet.test", 0);
    add(true, NET_RULE_NAME, "web", 0)->last_port = 80;
    set();
    check("a denied name is denied, whoever bears it",
          policy_denies_name(&policy, "DB") && policy_denies_name(&policy, "a.quiet.test"));
    check("others are not, listed or not",
          !policy_denies_name(&policy, "api.test") && !policy_denies_name(&policy, "cache"));
    check("nor is one of which ports are denied", !policy_denies_name(&policy, "web"));
    check("what is not listed is not asked for all the same", !policy_resolves(&policy, "cache") &&
                                                                  policy_resolves(&policy, "api.test") &&
                                                                  !policy_resolves(&policy, "db"));
}

int main(void) {
    modes();
    addresses();
    names();
    rebinding();
    replies();
    hosts();
    malformed();
    changes();
    members();
    connections_to_members();
    denied_names();
    policy_free(&policy);
    return 0;
}
