/* Published ports and names: what comes to a box from the host, and what may go back. */
#include <stddef.h>

#include "net-process.h"

static struct made_frame frame;
static uint32_t next_publication = 1;

static uint32_t publish(int fd, uint32_t protocol, uint16_t box_port) {
    struct net_publish message = {NET_PUBLISH, next_publication, protocol, box_port};
    tell(&message, sizeof message, fd);
    check("a port is published", answer().code == 0);
    close(fd);
    return next_publication++;
}

static void unpublish(uint32_t id) {
    struct net_unpublish message = {NET_UNPUBLISH, id};
    tell(&message, sizeof message, -1);
    check("a publication ends", answer().code == 0);
}

static int client(const char *at, uint16_t port, int type) {
    struct sockaddr_storage to;
    socklen_t size = socket_address(at, port, &to);
    int fd = socket(to.ss_family, type | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, size)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The box's side of a connection: what it has sent and got, in numbers of bytes. */
struct segment_numbers {
    const char *box, *peer;
    uint16_t box_port, peer_port;
    uint32_t sent, got;
};

static bool segment(uint8_t flags) {
    return next_frame(WAIT_MS) && packet.kind == PACKET_TCP && packet.tcp_flags & flags;
}

static size_t payload_size(void) { return packet.transport_size - (size_t)(packet.transport[12] >> 4) * 4; }

static void send_segment(struct segment_numbers *of, uint8_t flags, const char *text) {
    uint8_t tcp[200] = {[12] = 0x50, flags, 0xff, 0xff};
    size_t size = strlen(text);
    put_u16(tcp, of->box_port);
    put_u16(tcp + 2, of->peer_port);
    put_u32(tcp + 4, of->sent);
    put_u32(tcp + 8, of->got);
    memcpy(tcp + 20, text, size);
    make_ip(&frame, of->box, of->peer, IPPROTO_TCP, tcp, 20 + size, 16);
    send_frame(&frame);
    of->sent += (uint32_t)size + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
}

static bool receive_text(struct segment_numbers *of, const char *text) {
    while (segment(TCP_ACK))
        if (payload_size()) {
            of->got += (uint32_t)payload_size();
            return payload_size() == strlen(text) &&
                   memcmp(packet.transport + packet.transport_size - strlen(text), text, strlen(text)) == 0;
        }
    return false;
}

static int error_of(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

static void passes_connections(void) {
    static const char *const hosts[] = {"::ffff:127.0.0.1", "::1", OUTSIDE4, OUTSIDE6};
    for (size_t i = 0; i < 4; i++) {
        bool v6 = i % 2;
        struct segment_numbers box = {
            v6 ? BOX6 : BOX4, i == 2 ? OUTSIDE4 : i == 3 ? OUTSIDE6 : v6 ? GATEWAY6 : GATEWAY4, 80, 0, 1000, 0};
        uint16_t port = 0;
        uint32_t id = publish(bound(hosts[i], SOCK_STREAM, &port), IPPROTO_TCP, 80);
        int fd = client(hosts[i], port, SOCK_STREAM);
        char text[16];
        check("a client connects", fd >= 0);
        check("its connection comes to the box", segment(TCP_SYN) && from(box.peer) && packet.destination_port == 80 &&
                                                     !(packet.tcp_flags & TCP_ACK) && sums_are_right(got.bytes));
        box.peer_port = packet.source_port;
        box.got = get_u32(packet.transport + 4) + 1;
        send_segment(&box, TCP_SYN | TCP_ACK, "");
        check("the box's answer is acknowledged", segment(TCP_ACK) && get_u32(packet.transport + 8) == box.sent);
        need(send(fd, "question", 8, 0) == 8, "send");
        check("what it says arrives", receive_text(&box, "question"));
        send_segment(&box, TCP_ACK | TCP_FIN, "answer");
        check("so does what the box says, and its end",
              recv(fd, text, 6, MSG_WAITALL) == 6 && memcmp(text, "answer", 6) == 0 && recv(fd, text, 1, 0) == 0);
        need(send(fd, "more", 4, 0) == 4, "send");
        check("and what the client says after that", receive_text(&box, "more"));
        send_segment(&box, TCP_RST | TCP_ACK, "");
        struct pollfd reset = {.fd = fd};
        need(poll(&reset, 1, WAIT_MS) == 1, "a reset");
        check("a reset of the box is one for its client", reset.revents & POLLERR && error_of(fd) == EPIPE);
        close(fd);
        unpublish(id);
        check("whose port is closed in the end", client(hosts[i], port, SOCK_STREAM) == -1 && errno == ECONNREFUSED);
    }
}

static void resets_what_nobody_takes(void) {
    uint16_t port = 0;
    char byte;
    uint32_t id = publish(bound("::ffff:127.0.0.1", SOCK_STREAM, &port), IPPROTO_TCP, 81);
    int fd = client("::ffff:127.0.0.1", port, SOCK_STREAM);
    check("a connection comes to a port where nothing listens", fd >= 0 && segment(TCP_SYN));
    struct segment_numbers box = {BOX4, GATEWAY4, 81, packet.source_port, 0, get_u32(packet.transport + 4) + 1};
    send_segment(&box, TCP_RST | TCP_ACK, "");
    check("and is reset at once", readable(fd, WAIT_MS) && recv(fd, &byte, 1, 0) == -1 && errno == ECONNRESET);
    close(fd);
    unpublish(id);
}

/* A datagram of the box, and nothing comes to the socket. */
static bool is_kept_from(int fd, const char *box, const char *gateway, uint16_t box_port, uint16_t port) {
    make_udp(&frame, box, gateway, box_port, port, "attack", 6);
    (void)is_silent(&frame);
    return !readable(fd, 0);
}

static void passes_datagrams(void) {
    static const char *const hosts[] = {"::ffff:127.0.0.1", "::1"}, *const boxes[] = {BOX4, BOX6},
                             *const gateways[] = {GATEWAY4, GATEWAY6};
    for (size_t i = 0; i < 2; i++) {
        uint16_t port = 0, other_port = 0, outside_port = 0;
        uint32_t id = publish(bound(hosts[i], SOCK_DGRAM, &port), IPPROTO_UDP, 5353);
        int other = bound(hosts[i], SOCK_DGRAM, &other_port), fd = client(hosts[i], port, SOCK_DGRAM);
        int outside = bound(i ? OUTSIDE6 : OUTSIDE4, SOCK_DGRAM, &outside_port);
        char text[16];
        check("a listener of the host's loopback is out of reach",
              is_kept_from(other, boxes[i], gateways[i], 4000, other_port));
        check("from a published port, too", is_kept_from(other, boxes[i], gateways[i], 5353, other_port));
        check("by its own address, too", is_kept_from(other, boxes[i], hosts[i], 5353, other_port));
        need(send(fd, "question", 8, 0) == 8, "send");
        check("a datagram comes to the box", next_frame(WAIT_MS) && packet.kind == PACKET_UDP && from(gateways[i]) &&
                                                 packet.destination_port == 5353 && sums_are_right(got.bytes) &&
                                                 memcmp(packet.transport + 8, "question", 8) == 0);
        uint16_t peer = packet.source_port;
        check("others are still out of reach", is_kept_from(other, boxes[i], gateways[i], 5353, other_port));
        check("its sender is from another port", is_kept_from(fd, boxes[i], gateways[i], 4000, peer));
        make_udp(&frame, boxes[i], gateways[i], 5353, peer, "answer", 6);
        send_frame(&frame);
        check("its sender gets the box's answer", readable(fd, WAIT_MS) && recv(fd, text, sizeof text, 0) == 6);
        make_udp(&frame, boxes[i], i ? OUTSIDE6 : OUTSIDE4, 5353, outside_port, "first", 5);
        send_frame(&frame);
        check("an address outside is in reach unasked",
              readable(outside, WAIT_MS) && recv(outside, text, sizeof text, 0) == 5);

        struct sockaddr_storage to;
        socklen_t size = socket_address(hosts[i], port, &to);
        need(sendto(other, "me, too", 7, 0, (struct sockaddr *)&to, size) == 7, "sendto");
        check("who sends later", next_frame(WAIT_MS) && packet.source_port == other_port);
        make_udp(&frame, boxes[i], gateways[i], 5353, other_port, "answer", 6);
        send_frame(&frame);
        check("is answered, too", readable(other, WAIT_MS) && recv(other, text, sizeof text, 0) == 6);
        unpublish(id);
        check("nobody is when the publication has ended", is_kept_from(other, boxes[i], gateways[i], 5353, other_port));
        close(fd);
        close(other);
        close(outside);
    }
}

/* Every address of the host's loopback is the gateway to the box. */
static void answers_the_whole_loopback(void) {
    static const char *const clients[] = {"::ffff:127.0.0.2", "::ffff:127.0.0.1", "::ffff:127.255.255.254"};
    static const char *const hosts[] = {"::ffff:127.0.0.1", "::ffff:0.0.0.0"};
    for (size_t i = 0; i < 2; i++) {
        uint16_t port = 0, client_port = 0;
        uint32_t id = publish(bound(hosts[i], SOCK_DGRAM, &port), IPPROTO_UDP, 5356);
        for (size_t j = 0; j < 3; j++) {
            int fd = bound(clients[j], SOCK_DGRAM, &client_port);
            struct sockaddr_storage to;
            socklen_t size = socket_address("::ffff:127.0.0.1", port, &to);
            char text[16];
            need(connect(fd, (struct sockaddr *)&to, size) == 0 && send(fd, "question", 8, 0) == 8, "send");
            check("a client of the loopback is the gateway", next_frame(WAIT_MS) && packet.kind == PACKET_UDP &&
                                                                 from(GATEWAY4) && packet.source_port == client_port);
            make_udp(&frame, BOX4, GATEWAY4, 5356, client_port, "answer", 6);
            send_frame(&frame);
            check("and is answered", readable(fd, WAIT_MS) && recv(fd, text, sizeof text, 0) == 6);
            close(fd);
        }
        unpublish(id);
    }
}

/* What is not the box's own network's to give: addresses of it that nobody has stay unknown to the host. */
static void keeps_its_addresses(void) {
    uint16_t port = 0;
    uint32_t id = publish(bound("::ffff:127.0.0.1", SOCK_DGRAM, &port), IPPROTO_UDP, 5354);
    static const char *const own[] = {RESOLVER4, "::ffff:10.0.2.99", "::ffff:10.0.2.255"};
    for (size_t i = 0; i < 3; i++) {
        make_udp(&frame, BOX4, own[i], 5354, 99, "x", 1);
        check("a datagram to nobody in the network is refused by the gateway",
              is_answered(&frame) && packet.kind == PACKET_ICMP && from(GATEWAY4));
    }
    unpublish(id);
}

/* A published port is no way out for a box that may reach nothing. */
static void keeps_to_its_policy(void) {
    struct net_policy nothing = {.type = NET_POLICY, .mode = NET_MODE_INTERNAL}, everything = {.type = NET_POLICY};
    static const char *const outsides[] = {OUTSIDE4, OUTSIDE6}, *const boxes[] = {BOX4, BOX6};
    tell(&nothing, offsetof(struct net_policy, rules), -1);
    check("a policy is taken", answer().code == 0);
    for (size_t i = 0; i < 2; i++) {
        uint16_t port = 0, client_port = 0, other_port = 0;
        uint32_t first = publish(bound(outsides[i], SOCK_DGRAM, &port), IPPROTO_UDP, 5355);
        uint32_t second = publish(bound(i ? "::1" : "::ffff:127.0.0.1", SOCK_DGRAM, &other_port), IPPROTO_UDP, 5355);
        int fd = bound(outsides[i], SOCK_DGRAM, &client_port);
        check("a datagram that nobody asked for is kept", is_kept_from(fd, boxes[i], outsides[i], 5355, client_port));
        struct sockaddr_storage to, peer;
        socklen_t size = socket_address(outsides[i], port, &to);
        need(sendto(fd, "question", 8, 0, (struct sockaddr *)&to, size) == 8, "sendto");
        check("a question comes in", next_frame(WAIT_MS) && packet.kind == PACKET_UDP && from(outsides[i]));
        make_udp(&frame, boxes[i], outsides[i], 5355, client_port, "answer", 6);
        send_frame(&frame);
        char text[16];
        size = sizeof peer;
        check("and its answer goes out",
              readable(fd, WAIT_MS) && recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&peer, &size) == 6);
        check("from the socket that was asked", memcmp(&peer, &to, size) == 0);
        check("to nobody else", is_kept_from(fd, boxes[i], outsides[i], 5356, client_port));
        unpublish(first);
        unpublish(second);
        close(fd);
    }
    tell(&everything, offsetof(struct net_policy, rules), -1);
    check("a policy is replaced", answer().code == 0);
}

static const uint8_t query[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1";
enum { QUERY_BYTES = sizeof query - 1 };

/* The fake server's answer to what it has got. */
static void serve(int server) {
    uint8_t asked[512];
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    need(readable(server, WAIT_MS), "a query");
    ssize_t n = recvfrom(server, asked, sizeof asked - 16, 0, (struct sockaddr *)&peer, &size);
    need(n >= QUERY_BYTES, "a query");
    uint8_t reply[QUERY_BYTES + 16];
    memcpy(reply, asked, QUERY_BYTES);
    put_u16(reply + 2, 0x8180);
    put_u16(reply + 6, 1);
    put_u16(reply + 10, 0);
    memcpy(reply + QUERY_BYTES, "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x07", 16);
    need(sendto(server, reply, sizeof reply, 0, (struct sockaddr *)&peer, size) == sizeof reply, "sendto");
}

static bool is_reply(const uint8_t *message, size_t size) {
    return size >= QUERY_BYTES + 16 && get_u16(message) == 0x1234 && get_u16(message + 6) == 1 &&
           memcmp(message + QUERY_BYTES + 12, "\xc0\0\2\x07", 4) == 0;
}

static void resolves_names(void) {
    static const char *const boxes[] = {BOX4, BOX6}, *const resolvers[] = {RESOLVER4, RESOLVER6};
    struct net_resolvers servers = {.type = NET_RESOLVERS, .count = 1};
    uint16_t port = 0;
    int server = bound("::ffff:127.0.0.1", SOCK_DGRAM, &port);
    socket_address("::ffff:127.0.0.1", port, &servers.servers[0]);
    tell(&servers, sizeof servers, -1);
    for (size_t i = 0; i < 2; i++) {
        make_udp(&frame, boxes[i], resolvers[i], 4000, 53, query, QUERY_BYTES);
        send_frame(&frame);
        serve(server);
        check("a query by datagram is answered by the resolver",
              next_frame(WAIT_MS) && from(resolvers[i]) && packet.source_port == 53 &&
                  packet.destination_port == 4000 && sums_are_right(got.bytes) &&
                  is_reply(packet.transport + 8, packet.transport_size - 8));
        struct segment_numbers box = {boxes[i], resolvers[i], 4001, 53, 7, 0};
        uint8_t message[2 + QUERY_BYTES] = {0, QUERY_BYTES};
        memcpy(message + 2, query, QUERY_BYTES);
        send_segment(&box, TCP_SYN, "");
        check("a connection to the resolver is taken",
              segment(TCP_SYN) && packet.tcp_flags & TCP_ACK && from(resolvers[i]));
        box.got = get_u32(packet.transport + 4) + 1;
        send_segment(&box, TCP_ACK, "");
        uint8_t tcp[20 + sizeof message] = {[12] = 0x50, TCP_ACK, 0xff, 0xff};
        put_u16(tcp, 4001);
        put_u16(tcp + 2, 53);
        put_u32(tcp + 4, box.sent);
        put_u32(tcp + 8, box.got);
        memcpy(tcp + 20, message, sizeof message);
        make_ip(&frame, boxes[i], resolvers[i], IPPROTO_TCP, tcp, sizeof tcp, 16);
        send_frame(&frame);
        serve(server);
        do
            need(segment(TCP_ACK), "a segment");
        while (!payload_size());
        const uint8_t *text = packet.transport + packet.transport_size - payload_size();
        check("and a query by it is answered", from(resolvers[i]) && payload_size() > 2 &&
                                                   get_u16(text) == payload_size() - 2 &&
                                                   is_reply(text + 2, payload_size() - 2));
        box.sent += sizeof message;
        send_segment(&box, TCP_RST | TCP_ACK, "");
    }
    struct net_unpublish nothing = {NET_UNPUBLISH, 99};
    tell(&nothing, sizeof nothing, -1);
    check("whoever asks makes it ask for the host's servers", answer().code == ENOENT && asked_for_resolvers >= 1);
    close(server);
}

int main(void) {
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 2;
    enter_namespace();
    start(NET_SAME_USER);
    passes_connections();
    resets_what_nobody_takes();
    passes_datagrams();
    answers_the_whole_loopback();
    keeps_its_addresses();
    keeps_to_its_policy();
    resolves_names();
    check("it ends with its shim", stop());
    return 0;
}
