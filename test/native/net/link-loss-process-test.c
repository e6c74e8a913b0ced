/* Links that boxlite-net refuses, and a hub that fails it: the box keeps the rest of its network. */
#include "hub-end.h"

static void refuses_links(void) {
    static const struct {
        const char *what;
        uint32_t id, prefix_length, address;
        bool six;
    } cases[] = {{"no id", 0, 16, 0xac120002, true},
                 {"no prefix", 3, 0, 0xac120002, true},
                 {"a prefix of one address", 3, 32, 0xac120002, true},
                 {"an address of another network", 3, 16, 0xac130002, true},
                 {"an address of another network, of IPv6", 3, 16, 0xac120002, false}};
    int pair[2];
    need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct net_link link = a_link(cases[i].id);
        link.prefix_length = cases[i].prefix_length;
        link.address = cases[i].address;
        if (!cases[i].six)
            link.address6 = address(OUTSIDE6);
        tell(&link, sizeof link, pair[1]);
        check(cases[i].what, answer().code == EINVAL);
    }
    struct net_link link = a_link(3);
    tell(&link, sizeof link, -1);
    check("a link without a connection", answer().code != 0);
    close(pair[0]);
    close(pair[1]);
}

static uint32_t lost_link(void) {
    struct net_unlink message = {0};
    need(readable(control, WAIT_MS) && recv(control, &message, sizeof message, 0) == (ssize_t)sizeof message,
         "a message");
    return message.type == NET_LINK_LOST ? message.id : 0;
}

static void outlives_its_hub(void) {
    close(hub);
    check("the shim hears that the hub is gone", lost_link() == 1);
    check("its members are unknown then", !is_known(OTHER4));
    make_udp(&frame, OWN4, OTHER4, 1, 2, "x", 1);
    check("and shut", is_answered(&frame) && packet.kind == PACKET_ICMP);
    make_echo(&frame, BOX4, GATEWAY4);
    check("the rest of the network goes on", is_answered(&frame));
    struct net_link link = a_link(1);
    hub = linked(&link);
    tell_member(hub, 3, "");
    check("the link comes back under its id", becomes_known(OTHER4, true));
    uint8_t nonsense[] = {HUB_MEMBER, 0, 1, 2, 3};
    need(send(hub, nonsense, sizeof nonsense, 0) > 0, "send");
    check("a hub that talks nonsense is none", lost_link() == 1);
    close(hub);
    hub = linked(&link);
    tell_member(hub, 3, "");
    check("it can be linked again", becomes_known(OTHER4, true));
}

/* The shim's socket is full of what was decided; a second's worth is less. */
static void is_heard_late(void) {
    struct net_policy policy = {.type = NET_POLICY, .reports = 1};
    tell(&policy, offsetof(struct net_policy, rules), -1);
    need(answer().code == 0, "a policy");
    for (uint16_t round = 0; round < 4; round++) {
        for (uint16_t i = 0; i < 250; i++) {
            make_udp(&frame, BOX4, ALIAS4, 1000 + round, 2000 + i, "x", 1);
            send_frame(&frame);
        }
        need(poll(NULL, 0, 1010) == 0, "poll");
    }
    while (next_frame(0))
        ;
    close(hub);
    make_echo(&frame, BOX4, GATEWAY4);
    check("a shim that does not read does not hold up the box", is_answered(&frame));
    size_t decisions = 0;
    struct net_decision message = {0};
    while (readable(control, 1000) && recv(control, &message, sizeof message, 0) == (ssize_t)sizeof message)
        decisions++;
    printf("%zu decisions before it\n", decisions);
    check("and hears of a lost hub when it does", decisions < 800 && message.type == NET_LINK_LOST);
    policy.reports = 0;
    tell(&policy, offsetof(struct net_policy, rules), -1);
    need(answer().code == 0, "a policy");
    struct net_link link = a_link(1);
    hub = linked(&link);
    tell_member(hub, 3, "");
    check("it can be linked again", becomes_known(OTHER4, true));
}

static void bears_a_hub_that_does_not_read(void) {
    static uint8_t payload[60000];
    for (int i = 0; i < 2000; i++) {
        make_udp(&frame, OWN4, OTHER4, 1, 2, payload, sizeof payload);
        send_frame(&frame);
    }
    make_echo(&frame, BOX4, GATEWAY4);
    check("a hub that does not read does not hold up the box", is_answered(&frame));
    size_t count = 0;
    while (readable(hub, 200) && recv(hub, datagram, sizeof datagram, 0) > 0)
        count++;
    printf("%zu of 2000 packets waited\n", count);
    check("what does not fit is dropped", count > 4 && count < 40);
}

int main(void) {
    start_linked();
    tell_member(hub, 3, "");
    need(becomes_known(OTHER4, true), "a member");
    refuses_links();
    outlives_its_hub();
    is_heard_late();
    bears_a_hub_that_does_not_read();
    stop_linked();
    return 0;
}
