/* What the host's sockets do for a box, whichever of libslirp's calls are spared. */
#include <netinet/tcp.h>

#include "net-process.h"

enum { BOX_PORT = 4000, TTL_AT = 14 + 8, HOPS_AT = 14 + 7, BEGIN = 100 };

static struct made_frame frame;

static void send_datagram(bool v6, uint16_t port, uint8_t hops) {
    make_udp(&frame, v6 ? BOX6 : BOX4, v6 ? OUTSIDE6 : OUTSIDE4, BOX_PORT, port, "x", 1);
    frame.bytes[v6 ? HOPS_AT : TTL_AT] = hops;
    if (!v6) {
        put_u16(frame.bytes + 24, 0);
        put_u16(frame.bytes + 24, ~add_bytes(0, frame.bytes + 14, 20) & 0xffff);
    }
    send_frame(&frame);
}

/* @param[out] from who sent it */
static int hops_of_next(int fd, struct sockaddr_storage *from) {
    _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof(int))];
    char byte;
    int hops = -1;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_name = from,
                             .msg_namelen = sizeof *from,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = space,
                             .msg_controllen = sizeof space};
    need(readable(fd, WAIT_MS) && recvmsg(fd, &message, 0) == 1 && CMSG_FIRSTHDR(&message), "a datagram");
    memcpy(&hops, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof hops);
    return hops;
}

static void passes_datagrams(bool v6) {
    static const uint8_t hops[] = {64, 64, 9, 9, 64};
    static const size_t sizes[] = {0, 1, 1501, 0, 60000, 9000};
    static uint8_t bytes[60000] = {[8999] = 'y', [59999] = 'z'};
    struct sockaddr_storage from;
    uint16_t port = 0;
    int on = 1, fd = bound(v6 ? OUTSIDE6 : OUTSIDE4, SOCK_DGRAM, &port), first = 0;
    need(setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVHOPLIMIT : IP_RECVTTL, &on, sizeof on) == 0,
         "ttl");
    for (size_t i = 0; i < sizeof hops; i++) {
        send_datagram(v6, port, hops[i]);
        int seen = hops_of_next(fd, &from);
        first = i == 0 ? seen : first;
        check("each datagram goes on with its own hop limit", seen == first - (64 - hops[i]));
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        need(sendto(fd, bytes, sizes[i], 0, (struct sockaddr *)&from, sizeof from) == (ssize_t)sizes[i], "sendto");
        bool whole = next_frame(WAIT_MS) && packet.kind == PACKET_UDP && packet.transport_size == 8 + sizes[i] &&
                     packet.source_port == port && memcmp(packet.transport + 8, bytes, sizes[i]) == 0;
        check("each that comes back is whole", whole);
    }
    close(fd);
    send_datagram(v6, port, 64);
    check("a port that is closed is told of", next_frame(WAIT_MS) && packet.kind == PACKET_ICMP);
    fd = bound(v6 ? OUTSIDE6 : OUTSIDE4, SOCK_DGRAM, &port);
    send_datagram(v6, port, 64);
    check("and heard by again when it is open", readable(fd, WAIT_MS));
    close(fd);
}

static void send_segment(uint16_t port, uint16_t to, uint32_t seq, uint32_t ack, uint8_t flags) {
    make_tcp(&frame, BOX4, OUTSIDE4, port, to, seq, ack, flags);
    send_frame(&frame);
}

static bool next_segment(uint8_t flags) {
    while (next_frame(WAIT_MS))
        if (packet.kind == PACKET_TCP && (packet.tcp_flags & flags) == flags)
            return true;
    return false;
}

/* What comes to the box until the end of the stream, and is acknowledged. */
static bool hears(uint16_t port, uint16_t to, uint32_t seq, uint32_t next, const char *expected) {
    char text[16] = "";
    size_t size = 0;
    for (bool ended = false; !ended;) {
        need(next_segment(TCP_ACK), "a segment");
        size_t header = (size_t)(packet.transport[12] >> 4) * 4, more = packet.transport_size - header;
        if (get_u32(packet.transport + 4) != next || size + more >= sizeof text)
            continue;
        memcpy(text + size, packet.transport + header, more);
        size += more;
        ended = packet.tcp_flags & TCP_FIN;
        next += (uint32_t)more + ended;
        send_segment(port, to, seq, next, TCP_ACK);
    }
    return strcmp(text, expected) == 0;
}

static void give_urgently(int fd) {
    need(send(fd, "a", 1, 0) == 1 && send(fd, "!", 1, MSG_OOB) == 1 && send(fd, "c", 1, 0) == 1, "send");
    need(shutdown(fd, SHUT_WR) == 0, "shutdown");
}

static void hears_the_end(int fd) {
    char byte;
    check("and then hears the box's end", readable(fd, WAIT_MS) && recv(fd, &byte, 1, 0) == 0);
    close(fd);
}

static void connects(void) {
    uint16_t port = 0;
    int listener = bound(OUTSIDE4, SOCK_STREAM, &port);
    send_segment(BOX_PORT, port, BEGIN, 0, TCP_SYN);
    need(next_segment(TCP_SYN | TCP_ACK), "an answer");
    uint32_t next = get_u32(packet.transport + 4) + 1;
    send_segment(BOX_PORT, port, BEGIN + 1, next, TCP_ACK);
    int fd = accept(listener, NULL, NULL);
    need(fd >= 0, "accept");
    give_urgently(fd);
    check("a box hears urgent bytes in their place", hears(BOX_PORT, port, BEGIN + 1, next, "a!c"));
    send_segment(BOX_PORT, port, BEGIN + 1, next + 4, TCP_FIN | TCP_ACK);
    hears_the_end(fd);
    close(listener);
    send_segment(BOX_PORT + 1, port, BEGIN, 0, TCP_SYN);
    check("a connection that the host refuses is refused", next_segment(TCP_RST));
}

static void is_connected_to(void) {
    struct net_publish message = {NET_PUBLISH, 1, IPPROTO_TCP, BOX_PORT};
    struct sockaddr_storage to;
    uint16_t port = 0;
    int listener = bound(OUTSIDE4, SOCK_STREAM, &port), fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    tell(&message, sizeof message, listener);
    need(answer().code == 0, "publish");
    close(listener);
    socklen_t size = socket_address(OUTSIDE4, port, &to);
    need(connect(fd, (struct sockaddr *)&to, size) == 0, "connect");
    need(next_segment(TCP_SYN), "a connection");
    uint16_t client = packet.source_port;
    uint32_t next = get_u32(packet.transport + 4) + 1;
    send_segment(BOX_PORT, client, BEGIN, next, TCP_SYN | TCP_ACK);
    give_urgently(fd);
    check("so it does from who calls it", hears(BOX_PORT, client, BEGIN + 1, next, "a!c"));
    send_segment(BOX_PORT, client, BEGIN + 1, next + 4, TCP_FIN | TCP_ACK);
    hears_the_end(fd);
}

int main(void) {
    enter_namespace();
    start(NET_SAME_USER);
    passes_datagrams(false);
    passes_datagrams(true);
    connects();
    is_connected_to();
    check("it ends with its shim", stop());
    return 0;
}
