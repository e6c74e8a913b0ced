/* A policy that changes while connections are open: what it shuts is cut, and nothing else. */
#include <stddef.h>

#include "net-process.h"

static struct made_frame frame;

static void set_policy(const struct net_policy *policy) {
    tell(policy, offsetof(struct net_policy, rules) + policy->rule_count * sizeof policy->rules[0], -1);
    check("a policy is set", answer().code == 0);
}

static void deny(const char *prefix, uint8_t length) {
    static struct net_policy policy;
    policy = (struct net_policy){.type = NET_POLICY, .rule_count = prefix != NULL};
    if (prefix)
        policy.rules[0] = (struct net_rule){
            .denies = 1, .prefix_length = length, .last_port = UINT16_MAX, .address = address(prefix)};
    set_policy(&policy);
}

static void allow_host(uint16_t port) {
    static struct net_policy policy;
    policy = (struct net_policy){.type = NET_POLICY, .host_port_count = port != 0};
    policy.host_ports[0] = port;
    set_policy(&policy);
}

/* The box opens a connection. Returns the peer's socket, and *ack the number that the box acknowledges. */
static int open_connection(const char *box, const char *to, int listener, uint16_t port, uint16_t from_port,
                           uint32_t *ack) {
    make_tcp(&frame, box, to, from_port, port, 7, 0, TCP_SYN);
    check("a connection is accepted",
          is_answered(&frame) && packet.kind == PACKET_TCP && packet.tcp_flags == (TCP_SYN | TCP_ACK));
    *ack = get_u32(packet.transport + 4) + 1;
    make_tcp(&frame, box, to, from_port, port, 8, *ack, TCP_ACK);
    send_frame(&frame);
    int fd = accept(listener, NULL, NULL);
    need(fd >= 0, "accept");
    return fd;
}

static bool is_reset_in_box(void) {
    while (next_frame(WAIT_MS))
        if (packet.kind == PACKET_TCP && packet.tcp_flags & TCP_RST)
            return true;
    return false;
}

static bool is_reset_at_peer(int fd) {
    char byte;
    return recv(fd, &byte, 1, 0) < 0 && errno == ECONNRESET;
}

static void cuts_connections(void) {
    uint16_t port = 0, port6 = 0;
    uint32_t ack, ack6;
    int listener = bound(OUTSIDE4, SOCK_STREAM, &port), listener6 = bound(OUTSIDE6, SOCK_STREAM, &port6);
    int fd = open_connection(BOX4, OUTSIDE4, listener, port, 41000, &ack);
    int fd6 = open_connection(BOX6, OUTSIDE6, listener6, port6, 41001, &ack6);
    deny("::ffff:203.0.113.0", 120);
    need(send(fd, "x", 1, 0) == 1, "send");
    check("a rule about others leaves a connection",
          next_frame(WAIT_MS) && packet.kind == PACKET_TCP && !(packet.tcp_flags & TCP_RST));
    deny("::ffff:192.0.2.0", 120);
    check("a denied connection is reset in the box", is_reset_in_box() && from(OUTSIDE4));
    check("and at its peer", is_reset_at_peer(fd));
    need(send(fd6, "x", 1, 0) == 1, "send");
    check("another goes on", next_frame(WAIT_MS) && from(OUTSIDE6) && !(packet.tcp_flags & TCP_RST));
    deny("2001:db8::", 32);
    check("until it is denied", is_reset_in_box() && from(OUTSIDE6) && is_reset_at_peer(fd6));
    deny(NULL, 0);
    close(fd);
    close(fd6);
    close(open_connection(BOX4, OUTSIDE4, listener, port, 41002, &ack));
    check("the end of one is passed on", next_frame(WAIT_MS));
    close(listener);
    close(listener6);
}

static void cuts_services_of_the_host(void) {
    uint16_t port = 0;
    uint32_t ack;
    int listener = bound("::ffff:127.0.0.1", SOCK_STREAM, &port);
    allow_host(port);
    int fd = open_connection(BOX4, GATEWAY4, listener, port, 42000, &ack);
    allow_host(port);
    need(send(fd, "x", 1, 0) == 1, "send");
    check("a connection to the host goes on", next_frame(WAIT_MS) && !(packet.tcp_flags & TCP_RST));
    allow_host(0);
    check("until its port is taken back", is_reset_in_box() && from(GATEWAY4) && is_reset_at_peer(fd));
    close(fd);
    close(listener);
}

static void cuts_datagrams(void) {
    uint16_t port = 0;
    char byte;
    struct sockaddr_storage sender;
    socklen_t size = sizeof sender;
    int peer = bound(OUTSIDE4, SOCK_DGRAM, &port);
    make_udp(&frame, BOX4, OUTSIDE4, 43000, port, "x", 1);
    send_frame(&frame);
    need(recvfrom(peer, &byte, 1, 0, (struct sockaddr *)&sender, &size) == 1, "recvfrom");
    need(sendto(peer, "y", 1, 0, (struct sockaddr *)&sender, size) == 1, "sendto");
    check("an answer comes to the box", next_frame(WAIT_MS) && packet.kind == PACKET_UDP && from(OUTSIDE4));
    deny("::ffff:203.0.113.0", 120);
    need(sendto(peer, "y", 1, 0, (struct sockaddr *)&sender, size) == 1, "sendto");
    check("also after a rule about others", next_frame(WAIT_MS) && packet.kind == PACKET_UDP);
    deny("::ffff:192.0.2.0", 120);
    (void)sendto(peer, "z", 1, 0, (struct sockaddr *)&sender, size);
    check("a denied one is silent, and its flow is refused",
          is_answered(&frame) && packet.kind == PACKET_ICMP && !readable(peer, 0));
    deny(NULL, 0);
    send_frame(&frame);
    size = sizeof sender;
    need(recvfrom(peer, &byte, 1, 0, (struct sockaddr *)&sender, &size) == 1, "recvfrom");
    need(sendto(peer, "y", 1, 0, (struct sockaddr *)&sender, size) == 1, "sendto");
    check("and goes on when it is allowed again", next_frame(WAIT_MS) && packet.kind == PACKET_UDP);
    close(peer);
}

/* One socket of the box's, and so one of the host's, for two peers. */
static void cuts_datagrams_of_one_of_two(void) {
    uint16_t port = 0, other_port = 0;
    char byte;
    struct sockaddr_storage sender;
    socklen_t size = sizeof sender;
    int peer = bound(OUTSIDE4, SOCK_DGRAM, &port), other = bound(OUTSIDE4, SOCK_DGRAM, &other_port);
    make_udp(&frame, BOX4, OUTSIDE4, 43001, port, "x", 1);
    send_frame(&frame);
    need(recvfrom(peer, &byte, 1, 0, (struct sockaddr *)&sender, &size) == 1, "recvfrom");
    make_udp(&frame, BOX4, OUTSIDE4, 43001, other_port, "x", 1);
    send_frame(&frame);
    need(recv(other, &byte, 1, 0) == 1, "recv");
    static struct net_policy policy = {.type = NET_POLICY, .rule_count = 1};
    policy.rules[0] = (struct net_rule){
        .denies = 1, .prefix_length = 128, .first_port = port, .last_port = port, .address = address(OUTSIDE4)};
    set_policy(&policy);
    (void)sendto(peer, "z", 1, 0, (struct sockaddr *)&sender, size);
    check("of two peers the denied one is silent, too", !next_frame(500));
    send_frame(&frame);
    check("and the other is still in reach", recv(other, &byte, 1, 0) == 1);
    close(peer);
    close(other);
    deny(NULL, 0);
}

/* What a client began is the publisher's to end. */
static void leaves_published_connections(void) {
    uint16_t port = 0;
    int listener = bound("::ffff:127.0.0.1", SOCK_STREAM, &port);
    struct net_publish message = {NET_PUBLISH, 1, IPPROTO_TCP, 80};
    struct sockaddr_storage to;
    tell(&message, sizeof message, listener);
    check("a port is published", answer().code == 0);
    close(listener);
    socklen_t size = socket_address("::ffff:127.0.0.1", port, &to);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(connect(client, (struct sockaddr *)&to, size) == 0, "connect");
    check("its client comes to the box", next_frame(WAIT_MS) && packet.tcp_flags == TCP_SYN);
    uint16_t from_port = packet.source_port;
    uint32_t ack = get_u32(packet.transport + 4) + 1;
    make_tcp(&frame, BOX4, GATEWAY4, 80, from_port, 7, ack, TCP_SYN | TCP_ACK);
    check("and is answered", is_answered(&frame) && packet.tcp_flags == TCP_ACK);
    static struct net_policy internal = {.type = NET_POLICY, .mode = NET_MODE_INTERNAL};
    set_policy(&internal);
    need(send(client, "x", 1, 0) == 1, "send");
    check("it stays when nothing may be reached",
          next_frame(WAIT_MS) && !(packet.tcp_flags & TCP_RST) && packet.destination_port == 80);
    close(client);
}

/* Returns the decisions that have come, and adds those that were left out before them. */
static uint32_t decisions(uint32_t *left_out) {
    struct net_decision decision;
    uint32_t count = 0;
    while (readable(control, 100) && recv(control, &decision, sizeof decision, 0) == (ssize_t)sizeof decision) {
        *left_out += decision.left_out;
        count++;
    }
    return count;
}

static void reports_within_bounds(void) {
    static struct net_policy policy = {.type = NET_POLICY, .mode = NET_MODE_INTERNAL, .reports = 1};
    uint32_t left_out = 0, total = 1000, come = 0;
    set_policy(&policy);
    for (uint32_t i = 0; i < total; i++) {
        make_tcp(&frame, BOX4, OUTSIDE4, (uint16_t)(10000 + i), 80, 7, 0, TCP_SYN);
        need(is_answered(&frame), "a refusal");
    }
    come = decisions(&left_out);
    check("a box that floods is not reported on in full", come > 0 && come < total);
    sleep(1);
    send_frame(&frame);
    come += decisions(&left_out);
    check("but what is left out is counted", come + left_out == total + 1);
    policy.reports = 0;
    set_policy(&policy);
    send_frame(&frame);
    check("without reports there are none", next_frame(WAIT_MS) && decisions(&left_out) == 0);
}

int main(void) {
    enter_namespace();
    start(NET_SAME_USER);
    cuts_connections();
    cuts_services_of_the_host();
    cuts_datagrams();
    cuts_datagrams_of_one_of_two();
    leaves_published_connections();
    while (next_frame(100))
        ;
    reports_within_bounds();
    check("it ends in good order", stop());
    return 0;
}
