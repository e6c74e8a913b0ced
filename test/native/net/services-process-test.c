/* What libslirp serves by itself, and what the host's own addresses would: a box gets none of it unasked. */
#include <stddef.h>

#include "net-process.h"

static struct made_frame frame;

/* Sends what is made. True: nothing came of it but a refusal. */
static bool is_unserved(void) {
    static struct made_frame question;
    make_arp(&question, BOX4, GATEWAY4);
    send_frame(&frame);
    send_frame(&question);
    for (bool unserved = true;;) {
        need(next_frame(WAIT_MS), "an answer of ARP");
        if (get_u16(got.bytes + 12) == 0x0806)
            return unserved;
        unserved = unserved &&
                   (packet.kind == PACKET_ICMP || (packet.kind == PACKET_TCP && packet.tcp_flags & TCP_RST));
    }
}

#define READ_FILE "\0\1/etc/passwd\0octet"

static void serves_nothing_by_itself(void) {
    static const uint8_t discover[300] = {1, 1, 6, [236] = 0x63, 0x82, 0x53, 0x63, 0x35, 1, 1, 0xff};
    static const uint8_t information[] = {11, 1, 2, 3, 0, 6, 0, 2, 0, 23};
    static const struct {
        const char *what, *to;
        uint16_t port;
        const void *payload;
        size_t size;
    } datagrams[] = {
        {"files by TFTP", GATEWAY4, 69, READ_FILE, sizeof READ_FILE},
        {"nor by broadcast", "::ffff:255.255.255.255", 69, READ_FILE, sizeof READ_FILE},
        {"nor by IPv6", GATEWAY6, 69, READ_FILE, sizeof READ_FILE},
        {"addresses by DHCP", GATEWAY4, 67, discover, sizeof discover},
        {"nor by broadcast", "::ffff:255.255.255.255", 67, discover, sizeof discover},
        {"nor by IPv6", "ff02::1:2", 547, information, sizeof information},
        {"nor from the gateway", GATEWAY6, 547, information, sizeof information},
        {"names by the gateway", GATEWAY4, 53, "\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1", 19},
        {"names of the host's neighbours", "::ffff:224.0.0.251", 5353, "\0\0\0\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1", 19},
    };
    for (size_t i = 0; i < sizeof datagrams / sizeof *datagrams; i++) {
        const char *box = strncmp(datagrams[i].to, "::ffff:", 7) ? BOX6 : BOX4;
        make_udp(&frame, box, datagrams[i].to, 40000, datagrams[i].port, datagrams[i].payload, datagrams[i].size);
        check(datagrams[i].what, is_unserved());
        make_udp(&frame, box, datagrams[i].to, datagrams[i].port == 67 ? 68 : 546, datagrams[i].port,
                 datagrams[i].payload, datagrams[i].size);
        check("nor from a client's own port", is_unserved());
    }
    make_udp(&frame, "::ffff:0.0.0.0", "::ffff:255.255.255.255", 68, 67, discover, sizeof discover);
    check("nor to who has no address", is_unserved());
    static const uint16_t ports[] = {139, 445, 23, 21, 7};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        make_tcp(&frame, BOX4, "::ffff:10.0.2.4", 40000, ports[i], 1, 0, TCP_SYN);
        check("services of another address of the network", is_unserved());
        make_tcp(&frame, BOX4, GATEWAY4, 40001, ports[i], 1, 0, TCP_SYN);
        check("services of the gateway", is_unserved());
    }
    static const uint8_t types[] = {13, 15, 17, 5, 9, 10};
    for (size_t i = 0; i < sizeof types; i++) {
        make_icmp(&frame, BOX4, GATEWAY4, types[i], "\0\1\0\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
        check("answers of ICMP but to an echo", is_unserved());
    }
    make_icmp(&frame, BOX6, "ff02::2", 133, "\0\0\0\0", 4);
    check("a router's advertisement", is_silent(&frame));
}

/* Who sends from TFTP's port of the loopback to a published port may be answered there: by libslirp itself, as it
 * turns out, which has no files. */
static void serves_no_file_to_who_was_asked(void) {
    uint16_t published = 0, tftp = 69;
    int door = bound("::ffff:127.0.0.1", SOCK_DGRAM, &published), client = bound("::ffff:127.0.0.1", SOCK_DGRAM, &tftp);
    struct net_publish message = {NET_PUBLISH, 1, IPPROTO_UDP, 40000};
    struct sockaddr_storage to;
    socklen_t size = socket_address("::ffff:127.0.0.1", published, &to);
    tell(&message, sizeof message, door);
    check("a port is published", answer().code == 0);
    need(sendto(client, "x", 1, 0, (struct sockaddr *)&to, size) == 1, "sendto");
    check("it is asked from another service's port", next_frame(WAIT_MS) && packet.source_port == 69);
    make_udp(&frame, BOX4, GATEWAY4, 40000, 69, READ_FILE, sizeof READ_FILE);
    send_frame(&frame);
    bool file = next_frame(500) && packet.kind == PACKET_UDP && get_u16(packet.transport + 8) == 3;
    check("it gets no file for an answer", !file);
    close(door);
    close(client);
}

static void reaches_nobody_by_broadcast(void) {
    uint16_t port = 0;
    int everybody = bound("::ffff:0.0.0.0", SOCK_DGRAM, &port);
    make_udp(&frame, BOX4, "::ffff:192.0.2.255", 40000, port, "x", 1);
    check("a broadcast of the host's network is unserved", is_unserved());
    make_udp(&frame, BOX4, "::ffff:192.0.2.0", 40000, port, "x", 1);
    check("an old one is, too", is_unserved());
    make_echo(&frame, BOX4, "::ffff:192.0.2.255");
    check("an echo to it", is_unserved());
    check("nobody hears them", !readable(everybody, 0));
    make_udp(&frame, BOX4, OUTSIDE4, 40000, port, "x", 1);
    send_frame(&frame);
    check("who is meant does", readable(everybody, WAIT_MS));
    close(everybody);
}

static bool is_allowed(const char *to) {
    struct net_decision decision = {0};
    make_tcp(&frame, strncmp(to, "::ffff:", 7) ? BOX6 : BOX4, to, 40000, 9, 1, 0, TCP_SYN);
    send_frame(&frame);
    need(readable(control, WAIT_MS) && recv(control, &decision, sizeof decision, 0) == sizeof decision &&
             decision.type == NET_DECISION,
         "a decision");
    return decision.allowed;
}

static void takes_what_is_near_for_private(void) {
    static struct net_policy policy = {.type = NET_POLICY, .mode = NET_MODE_PUBLIC, .reports = 1};
    static const char *const near[] = {
        OUTSIDE4,           OUTSIDE6,  ALIAS4,           "2001:db8::77", "64:ff9b::192.0.2.1",
        "2002:c000:201::1", "fd12::1", "::ffff:10.0.0.1"};
    static const char *const far[] = {"::ffff:192.0.2.2", "2001:db8:0:1::1", "2002:c000:202::1"};
    tell(&policy, offsetof(struct net_policy, rules), -1);
    check("the network is the public one", answer().code == 0);
    for (size_t i = 0; i < sizeof near / sizeof *near; i++)
        check(near[i], !is_allowed(near[i]));
    for (size_t i = 0; i < sizeof far / sizeof *far; i++)
        check(far[i], is_allowed(far[i]));
    policy.rule_count = 1;
    policy.rules[0] = (struct net_rule){.prefix_length = 128, .last_port = UINT16_MAX, .address = address(OUTSIDE4)};
    tell(&policy, offsetof(struct net_policy, rules) + sizeof policy.rules[0], -1);
    check("an address of the host can be listed", answer().code == 0 && is_allowed(OUTSIDE4));
}

int main(void) {
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 2;
    enter_namespace();
    start(NET_SAME_USER);
    serves_nothing_by_itself();
    serves_no_file_to_who_was_asked();
    reaches_nobody_by_broadcast();
    takes_what_is_near_for_private();
    check("it ends with its shim", stop());
    return 0;
}
