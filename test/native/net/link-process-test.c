/* What boxlite-net passes between its box and the other members of a named network. */
#include "hub-end.h"
#include "net/dns/name.h"

static void learns_members(void) {
    check("nobody is known at first", !is_known(OTHER4));
    tell_member(hub, 2, "self");
    tell_member(hub, 3, "other www.test");
    check("a member that the hub names is at the gateway's MAC", becomes_known(OTHER4, true));
    make_solicit(&frame, OWN6, OTHER6);
    send_frame(&frame);
    check("in IPv6, too",
          next_frame(WAIT_MS) && got.bytes[14 + 40] == 136 &&
              memcmp(got.bytes + 14 + 40 + 8, &(struct in6_addr){{{0xfd, 0, 0, 0x18, [15] = 3}}}, 16) == 0);
    check("the box's own address is asked for in vain", !is_known(OWN4));
    check("so is one that nobody has", !is_known(NOBODY4));
    make_arp(&frame, NOBODY4, OTHER4);
    check("a box that asks from another address gets no answer", is_silent(&frame));
}

static void passes_packets(void) {
    static uint8_t payload[65536];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7 >> 2);
    static const struct {
        const char *from, *to;
    } ends[] = {{OWN4, OTHER4}, {OWN6, OTHER6}};
    for (size_t i = 0; i < 2; i++) {
        make_udp(&frame, ends[i].from, ends[i].to, 1000, 2000, payload, 65480 - 8 - 20);
        send_frame(&frame);
        check("a datagram of 64 KiB goes to the hub", hub_hears(&frame));
        make_udp(&frame, ends[i].to, ends[i].from, 2000, 1000, payload, 65480 - 8 - 20);
        from_hub(&frame);
        check("and one comes from there", box_hears(&frame));
        make_tcp(&frame, ends[i].from, ends[i].to, 1000, 80, 1, 0, TCP_SYN);
        send_frame(&frame);
        check("so does a connection", hub_hears(&frame));
        make_tcp(&frame, ends[i].to, ends[i].from, 1000, 80, 1, 0, TCP_SYN);
        from_hub(&frame);
        check("from either end", box_hears(&frame));
        make_echo(&frame, ends[i].from, ends[i].to);
        send_frame(&frame);
        check("so does an echo request", hub_hears(&frame));
        make_error(ends[i].to, ends[i].from, ends[i].from, ends[i].to);
        from_hub(&frame);
        check("and an error", box_hears(&frame));
        make_error(ends[i].from, ends[i].to, ends[i].to, ends[i].from);
        send_frame(&frame);
        check("in the other direction, too", hub_hears(&frame));
    }
}

/* Each is followed by one that passes. */
static void keeps_back_what_is_not_honest(void) {
    static struct made_frame last;
    static const struct {
        const char *what, *from, *to;
    } out[] = {{"the address of another network as source", BOX4, OTHER4},
               {"another member's as source", OTHER4, NOBODY4},
               {"a packet to nobody", OWN4, NOBODY4},
               {"a packet to the network's end", OWN4, "::ffff:172.18.255.255"}};
    make_udp(&last, OWN4, OTHER4, 7, 7, "last", 4);
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        make_udp(&frame, out[i].from, out[i].to, 1, 2, "x", 1);
        send_frame(&frame);
        send_frame(&last);
        check(out[i].what, hub_hears(&last));
    }
    make_udp(&frame, OWN4, OUTSIDE4, 1, 2, "x", 1);
    send_frame(&frame);
    send_frame(&last);
    check("an address of a link leads to its network alone", hub_hears(&last));
    while (next_frame(50))
        check("what is refused is said to be prohibited", packet.kind == PACKET_ICMP);

    static const struct {
        const char *what, *from, *to;
        uint8_t type;
    } in[] = {{"another destination", OTHER4, BOX4, 0},
              {"no member as source", NOBODY4, OWN4, 0},
              {"an outside address as source", OUTSIDE4, OWN4, 0},
              {"the box's own as source", OWN4, OWN4, 0},
              {"a redirect", OTHER4, OWN4, 5},
              {"a redirect of IPv6", OTHER6, OWN6, 137},
              {"a router's advertisement", OTHER6, OWN6, 134},
              {"a neighbour solicitation", OTHER6, OWN6, 135}};
    make_udp(&last, OTHER4, OWN4, 7, 7, "last", 4);
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        if (in[i].type)
            make_icmp(&frame, in[i].from, in[i].to, in[i].type, "\0\0\0\0................................", 36);
        else
            make_udp(&frame, in[i].from, in[i].to, 1, 2, "x", 1);
        from_hub(&frame);
        from_hub(&last);
        check(in[i].what, box_hears(&last));
    }
    static const struct {
        const char *what, *from, *to, *source, *destination;
    } errors[] = {{"an error about a packet to another member", OTHER4, OWN4, OWN4, NOBODY4},
                  {"or to the outside", OTHER4, OWN4, OWN4, OUTSIDE4},
                  {"or of another box", OTHER4, OWN4, NOBODY4, OTHER4},
                  {"or of the sender's", OTHER4, OWN4, OTHER4, OWN4},
                  {"the same in IPv6", OTHER6, OWN6, OWN6, OUTSIDE6},
                  {"or to the gateway", OTHER6, OWN6, OWN6, GATEWAY6}};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        make_error(errors[i].from, errors[i].to, errors[i].source, errors[i].destination);
        from_hub(&frame);
        from_hub(&last);
        check(errors[i].what, box_hears(&last));
    }
    make_icmp(&frame, OTHER4, OWN4, 3, "\0\0\0\0short", 9);
    from_hub(&frame);
    from_hub(&last);
    check("an error about nothing", box_hears(&last));
    memset(datagram, 0x45, sizeof datagram);
    for (size_t size = 1; size < 66000; size = size * 2 + 1) {
        need(send(hub, datagram, size, 0) == (ssize_t)size, "send");
        from_hub(&last);
        check("bytes that are no packet", box_hears(&last));
    }
}

static void obeys_denials(void) {
    static union {
        struct net_policy policy;
        uint8_t room[sizeof(struct net_policy)];
    } message;
    struct net_policy *policy = &message.policy;
    *policy = (struct net_policy){.type = NET_POLICY, .mode = NET_MODE_INTERNAL, .rule_count = 1};
    policy->rules[0] = (struct net_rule){
        .denies = 1, .kind = NET_RULE_ADDRESS, .prefix_length = 128, .last_port = 65535, .address = address(OTHER4)};
    tell(policy, offsetof(struct net_policy, rules) + sizeof policy->rules[0], -1);
    check("a policy is set", answer().code == 0);
    make_tcp(&frame, OWN4, OTHER4, 1001, 80, 1, 0, TCP_SYN);
    check("a denied member is refused", is_answered(&frame) && packet.tcp_flags & TCP_RST);
    make_udp(&frame, OTHER4, OWN4, 53, 1002, "hello", 5);
    from_hub(&frame);
    check("it may begin", box_hears(&frame));
    make_udp(&frame, OWN4, OTHER4, 1002, 53, "hello", 5);
    send_frame(&frame);
    check("and is answered", hub_hears(&frame));
    make_udp(&frame, OWN4, OTHER4, 1003, 53, "hello", 5);
    check("and no more than that", is_answered(&frame) && packet.kind == PACKET_ICMP);
    make_udp(&frame, OWN6, OTHER6, 1003, 53, "hello", 5);
    send_frame(&frame);
    check("a network without ways out has its members", hub_hears(&frame));
    policy->mode = NET_MODE_OPEN;
    policy->rule_count = 0;
    tell(policy, offsetof(struct net_policy, rules), -1);
    check("the policy is lifted", answer().code == 0);
}

/* Sends what the member sends, and returns whether the member gets a reset. */
static bool is_reset(const struct made_frame *of_member) {
    struct packet reset;
    from_hub(of_member);
    if (!readable(hub, WAIT_MS))
        return false;
    ssize_t size = recv(hub, datagram + 14, sizeof datagram - 14, 0);
    memcpy(datagram, of_member->bytes, 14);
    packet_parse(datagram, 14 + (size_t)size, &reset);
    return size > 0 && reset.kind == PACKET_TCP && reset.tcp_flags & TCP_RST;
}

static void cuts_what_is_denied_later(void) {
    static const struct {
        const char *own, *other;
    } ends[] = {{OWN4, OTHER4}, {OWN6, OTHER6}};
    static struct {
        struct net_policy policy;
    } message;
    struct net_policy *policy = &message.policy;
    for (size_t i = 0; i < 2; i++) {
        make_tcp(&frame, ends[i].own, ends[i].other, 1100, 80, 1, 0, TCP_SYN);
        send_frame(&frame);
        check("a connection is begun", hub_hears(&frame));
        *policy = (struct net_policy){.type = NET_POLICY, .rule_count = 1};
        policy->rules[0] = (struct net_rule){.denies = 1,
                                             .kind = NET_RULE_ADDRESS,
                                             .prefix_length = 128,
                                             .last_port = 65535,
                                             .address = address(ends[i].other)};
        tell(policy, offsetof(struct net_policy, rules) + sizeof policy->rules[0], -1);
        need(answer().code == 0, "a policy");
        make_tcp(&frame, ends[i].own, ends[i].other, 1100, 80, 2, 7, TCP_ACK);
        check("the box's next packet resets what is denied by then",
              is_answered(&frame) && packet.tcp_flags & TCP_RST && get_u32(packet.transport + 4) == 7);
        make_tcp(&frame, ends[i].other, ends[i].own, 80, 1100, 7, 2, TCP_ACK);
        check("so does the member's", is_reset(&frame));
        make_tcp(&frame, ends[i].other, ends[i].own, 1100, 80, 1, 0, TCP_SYN);
        from_hub(&frame);
        check("the member may begin one", box_hears(&frame));
        make_tcp(&frame, ends[i].own, ends[i].other, 80, 1100, 2, 7, TCP_ACK);
        send_frame(&frame);
        check("which goes on", hub_hears(&frame));
    }
    policy->rule_count = 0;
    tell(policy, offsetof(struct net_policy, rules), -1);
    need(answer().code == 0, "a policy");
}

/* A query for the addresses of a name; returns the answer's count of records, or -1 for a name that there is not. */
static int resolve(const char *name, uint16_t type) {
    uint8_t query[300] = {0x12, 0x34, 1, 0, 0, 1};
    size_t size = 12;
    for (const char *label = name; *label; label += strcspn(label, "."), label += *label == '.') {
        size_t length = strcspn(label, ".");
        query[size++] = (uint8_t)length;
        memcpy(query + size, label, length);
        size += length;
    }
    put_u16(query + size + 1, type);
    put_u16(query + size + 3, 1);
    make_udp(&frame, BOX4, RESOLVER4, 4000, 53, query, size + 5);
    need(is_answered(&frame) && packet.kind == PACKET_UDP, "an answer of the resolver");
    return (packet.transport[8 + 3] & 15) == 3 ? -1 : get_u16(packet.transport + 8 + 6);
}

static uint32_t last_address(void) { return get_u32(packet.frame + packet.size - 4); }

/* The name that the last answer ends with; none is "". */
static bool names(const char *name) {
    struct dns_name expected;
    return dns_name_parse(name, &expected) == 0 && packet.size > expected.size &&
           memcmp(packet.frame + packet.size - expected.size, expected.wire, expected.size) == 0;
}

#define OTHER_NAME4 "3.0.18.172.in-addr.arpa"
#define OTHER_NAME6 "3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.1.0.0.0.0.d.f.ip6.arpa"

static void resolves_addresses(void) {
    check("an address has its member's first name", resolve(OTHER_NAME4, 12) == 1 && names("other"));
    check("so has one of IPv6", resolve(OTHER_NAME6, 12) == 1 && names("other"));
    check("it has nothing else", resolve(OTHER_NAME4, 1) == 0);
    check("nobody's has none", resolve("9.0.18.172.in-addr.arpa", 12) == -1);
    check("nor has the gateway's", resolve("2.2.0.10.in-addr.arpa", 12) == -1);
    check("nor a metadata service's", resolve("254.169.254.169.in-addr.arpa", 12) == -1);
    check("the loopback's is localhost", resolve("1.0.0.127.in-addr.arpa", 12) == 1 && names("localhost"));
    static struct net_policy policy = {.type = NET_POLICY, .mode = NET_MODE_PUBLIC};
    tell(&policy, offsetof(struct net_policy, rules), -1);
    need(answer().code == 0, "a policy");
    check("where private addresses are shut, their names are not looked up",
          resolve("1.1.168.192.in-addr.arpa", 12) == -1);
    check("but for members'", resolve(OTHER_NAME4, 12) == 1);
    policy.mode = NET_MODE_OPEN;
    tell(&policy, offsetof(struct net_policy, rules), -1);
    need(answer().code == 0, "a policy");
}

static void resolves_names(void) {
    check("a member's name has its address", resolve("other", 1) == 1 && last_address() == 0xac120003);
    check("whatever its case", resolve("WWW.Test", 1) == 1 && last_address() == 0xac120003);
    check("and one of IPv6", resolve("other", 28) == 1 && last_address() == 3);
    check("it has no others", resolve("other", 15) == 0);
    check("the box knows its own", resolve("self", 1) == 1 && last_address() == 0xac120002);
    for (uint32_t n = 10; n < 40; n++)
        tell_member(hub, n, "many");
    need(becomes_known("::ffff:172.18.0.39", true), "the last of many");
    check("many members may have one name", resolve("many", 1) == 16 && resolve("many", 28) > 8);
    uint32_t before = last_address();
    check("and the order of their addresses turns", resolve("many", 28) > 8 && last_address() != before);
    for (uint32_t n = 10; n < 40; n++) {
        const struct hub_left left = {.type = HUB_LEFT, .address = 0xac120000 | n};
        need(send(hub, &left, sizeof left, 0) > 0, "send");
    }
    need(becomes_known("::ffff:172.18.0.39", false), "the last of many leaves");
    static struct net_policy policy = {.type = NET_POLICY, .mode = NET_MODE_INTERNAL};
    tell(&policy, offsetof(struct net_policy, rules), -1);
    need(answer().code == 0, "a policy");
    check("a name of who has left is none", resolve("many", 1) == -1);
    check("a network without ways out resolves its own names", resolve("other", 1) == 1);
    policy.rule_count = 1;
    policy.rules[0] = (struct net_rule){.denies = 1, .kind = NET_RULE_NAME, .last_port = 65535, .name = "OTHER"};
    tell(&policy, offsetof(struct net_policy, rules) + sizeof policy.rules[0], -1);
    need(answer().code == 0, "a policy");
    check("a denied name is not resolved, though a member bears it", resolve("other", 1) == -1);
    check("its other names are", resolve("www.test", 1) == 1);
    policy.rule_count = 0;
    policy.mode = NET_MODE_OPEN;
    tell(&policy, offsetof(struct net_policy, rules), -1);
    need(answer().code == 0, "a policy");
}

static void keeps_networks_apart(void) {
    struct net_link second = a_link(2);
    second.prefix = 0xac130000;
    second.address = 0xac130002;
    second.prefix6 = address("fd00:19::");
    second.address6 = address("fd00:19::2");
    int other = linked(&second);
    struct hub_member member = {.type = HUB_MEMBER, .address = 0xac130003, .address6 = address("fd00:19::3")};
    need(send(other, &member, offsetof(struct hub_member, names), 0) > 0, "send a member");
    member.address = 0xac120007; /* of the first network */
    need(send(other, &member, offsetof(struct hub_member, names), 0) > 0, "send a member");
    check("a second network has its members", becomes_known("::ffff:172.19.0.3", true));
    check("and none of the first", !is_known("::ffff:172.18.0.7"));
    make_udp(&frame, OWN4, "::ffff:172.19.0.3", 1, 2, "x", 1);
    send_frame(&frame);
    make_udp(&frame, "::ffff:172.19.0.2", OTHER4, 1, 2, "x", 1);
    send_frame(&frame);
    check("an address of one network reaches none of the other", !readable(other, 50) && !readable(hub, 0));
    while (next_frame(0))
        ;
    make_udp(&frame, OTHER4, "::ffff:172.19.0.2", 1, 2, "x", 1);
    from_hub(&frame);
    make_udp(&frame, "::ffff:172.19.0.3", OWN4, 1, 2, "x", 1);
    from_hub(&frame);
    check("nor is it reached from there", !next_frame(50));
    const struct net_unlink unlink_it = {NET_UNLINK, 2};
    tell(&unlink_it, sizeof unlink_it, -1);
    check("a link is taken back", answer().code == 0);
    char byte;
    check("its connection is closed", recv(other, &byte, 1, 0) == 0);
    check("its members are unknown", !is_known("::ffff:172.19.0.3"));
    tell(&unlink_it, sizeof unlink_it, -1);
    check("but once", answer().code == ENOENT);
    close(other);
}

static void measure(void) {
    char path[64], line[200];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", net_pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "Pss:", 4) == 0)
            printf("boxlite-net with a link: %s", line);
    if (file)
        fclose(file);
}

int main(void) {
    start_linked();
    measure();
    learns_members();
    passes_packets();
    keeps_back_what_is_not_honest();
    obeys_denials();
    cuts_what_is_denied_later();
    resolves_names();
    resolves_addresses();
    keeps_networks_apart();
    stop_linked();
    return 0;
}
