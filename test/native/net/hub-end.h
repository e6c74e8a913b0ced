/* The hub's end of boxlite-net's links to named networks, for a test that plays the hub: what it says is what
 * boxlite-net believes of the network, and what it gets is what a box can send. */
#ifndef BOXLITE_TEST_HUB_END_H
#define BOXLITE_TEST_HUB_END_H

#include "common/hub-wire.h"

#include "net-process.h"

#define OWN4 "::ffff:172.18.0.2"
#define OWN6 "fd00:18::2"
#define OTHER4 "::ffff:172.18.0.3"
#define OTHER6 "fd00:18::3"
#define NOBODY4 "::ffff:172.18.0.9"

static struct made_frame frame;
static int hub;
static uint8_t datagram[70000];

static inline struct net_link a_link(uint32_t id) {
    return (struct net_link){.type = NET_LINK,
                             .id = id,
                             .prefix = 0xac120000,
                             .prefix_length = 16,
                             .address = 0xac120002,
                             .prefix6 = address("fd00:18::"),
                             .address6 = address(OWN6)};
}

/* The hub's end of a link that is given to boxlite-net. */
static inline int linked(const struct net_link *link) {
    int pair[2];
    need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    tell(link, sizeof *link, pair[1]);
    check("a link is taken", answer().code == 0);
    close(pair[1]);
    return pair[0];
}

static inline void tell_member(int fd, uint32_t n, const char *names) {
    struct hub_member member = {.type = HUB_MEMBER, .names_size = (uint16_t)strlen(names), .address = 0xac120000 | n};
    member.address6 = address("fd00:18::");
    put_u32(member.address6.s6_addr + 12, n);
    memcpy(member.names, names, member.names_size);
    need(send(fd, &member, offsetof(struct hub_member, names) + member.names_size, 0) > 0, "send a member");
}

/* ARP for an address of a link, from the box's address there. */
static inline bool is_known(const char *target) {
    static struct made_frame question;
    make_arp(&question, OWN4, target);
    send_frame(&question);
    make_arp(&question, BOX4, GATEWAY4);
    send_frame(&question);
    need(next_frame(WAIT_MS), "an answer of ARP");
    struct in6_addr expected = address(target);
    if (get_u32(got.bytes + 28) != v4_of_address(&expected))
        return false;
    need(memcmp(got.bytes + 22, gateway_mac, 6) == 0 && next_frame(WAIT_MS), "the second answer");
    return true;
}

/* What boxlite-net hears of the hub is not in turn with what it hears of the box. */
static inline bool becomes_known(const char *target, bool known) {
    for (int i = 0; i < 1000; i++) {
        if (is_known(target) == known)
            return true;
        need(poll(NULL, 0, 5) == 0, "poll");
    }
    return false;
}

static inline bool hub_hears(const struct made_frame *expected) {
    if (!readable(hub, WAIT_MS))
        return false;
    ssize_t size = recv(hub, datagram, sizeof datagram, 0);
    return size == (ssize_t)expected->size - 14 && memcmp(datagram, expected->bytes + 14, (size_t)size) == 0;
}

static inline void from_hub(const struct made_frame *made) {
    need(send(hub, made->bytes + 14, made->size - 14, 0) == (ssize_t)made->size - 14, "send a packet");
}

/* The next frame for the box is this packet, in a frame from the gateway to the box. */
static inline bool box_hears(const struct made_frame *expected) {
    return next_frame(WAIT_MS) && got.size == expected->size && memcmp(got.bytes, box_mac, 6) == 0 &&
           memcmp(got.bytes + 6, gateway_mac, 6) == 0 &&
           memcmp(got.bytes + 12, expected->bytes + 12, got.size - 12) == 0;
}

/* The program in a namespace of its own, with a link to a network that nobody has joined yet. */
static inline void start_linked(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        exit(2);
    enter_namespace();
    start(NET_SAME_USER);
    struct net_link link = a_link(1);
    hub = linked(&link);
}

static inline void stop_linked(void) {
    check("it ends with its shim", stop());
    char byte;
    check("and so does its link", recv(hub, &byte, 1, 0) == 0);
}

/* The next frame is an error about a packet of UDP. */
static inline void make_error(const char *from, const char *to, const char *source, const char *destination) {
    static struct made_frame quoted;
    uint8_t rest[4 + 48] = {0};
    make_udp(&quoted, source, destination, 1000, 2000, "quoted", 6);
    memcpy(rest + 4, quoted.bytes + 14, quoted.size - 14 < 48 ? quoted.size - 14 : 48);
    make_icmp(&frame, from, to, quoted.v6 ? 1 : 3, rest, sizeof rest);
}

#endif
