/* No segment to a box has more than half of its window, and those that it sends may fill its MTU. */
#include "net-process.h"

enum {
    MOST_TO_BOX = 0xffff / 2 + 60,
    LIBSLIRPS = 4000,
    SENT = 60000,
    SOURCE_PORT = 40000,
    BOX_PORT = 80,
    PAYLOAD_AT = 20,
    TOGETHER_MS = 20
};

static struct made_frame frame;
static uint8_t bytes[SENT];

static void send_segment(bool v6, uint16_t port, uint32_t seq, uint32_t ack, uint8_t flags, size_t size) {
    static uint8_t tcp[PAYLOAD_AT + SENT];
    memset(tcp, 0, PAYLOAD_AT);
    put_u16(tcp, SOURCE_PORT);
    put_u16(tcp + 2, port);
    put_u32(tcp + 4, seq);
    put_u32(tcp + 8, ack);
    tcp[12] = 0x50;
    tcp[13] = flags;
    put_u16(tcp + 14, 0xffff);
    memset(tcp + PAYLOAD_AT, 'x', size);
    make_ip(&frame, v6 ? BOX6 : BOX4, v6 ? OUTSIDE6 : OUTSIDE4, IPPROTO_TCP, tcp, PAYLOAD_AT + size, 16);
    send_frame(&frame);
}

static bool may_fill_the_mtu(bool v6) {
    return packet.transport_size == 24 && get_u16(packet.transport + 20) == 0x0204 &&
           get_u16(packet.transport + 22) == 65520 - (v6 ? 60 : 40) && sums_are_right(got.bytes);
}

static void next_first_segment(uint8_t flags) {
    do
        need(next_frame(WAIT_MS), "a first segment");
    while (packet.kind != PACKET_TCP || packet.tcp_flags != flags);
}

static void sends_small_segments_and_takes_large_ones(bool v6) {
    uint16_t port = 0;
    int listener = bound(v6 ? OUTSIDE6 : OUTSIDE4, SOCK_STREAM, &port);
    send_segment(v6, port, 1, 0, TCP_SYN, 0);
    next_first_segment(TCP_SYN | TCP_ACK);
    check("a box that connects may fill its MTU", may_fill_the_mtu(v6));
    uint32_t begin = get_u32(packet.transport + 4) + 1, heard = 0;
    send_segment(v6, port, 2, begin, TCP_ACK, 0);
    int fd = accept(listener, NULL, NULL);
    send_segment(v6, port, 2, begin, TCP_ACK, SENT);
    check("and what it then sends arrives",
          readable(fd, WAIT_MS) && recv(fd, bytes, SENT, MSG_WAITALL) == SENT && bytes[SENT - 1] == 'x');
    /* It finds all of it at once. */
    kill(net_pid, SIGSTOP);
    need(send(fd, bytes, SENT, MSG_NOSIGNAL) == SENT, "send");
    kill(net_pid, SIGCONT);
    /* What comes together is acknowledged together, so that more comes next. */
    size_t largest = 0;
    for (uint32_t acknowledged = 0; acknowledged < SENT; acknowledged = heard) {
        need(next_frame(WAIT_MS), "a segment");
        do {
            uint32_t size = (uint32_t)(packet.transport_size - (size_t)(packet.transport[12] >> 4) * 4);
            largest = packet.ip_size > largest ? packet.ip_size : largest;
            if (size > 0)
                heard = get_u32(packet.transport + 4) + size - begin;
        } while (next_frame(TOGETHER_MS));
        if (heard > acknowledged)
            send_segment(v6, port, 2 + SENT, begin + heard, TCP_ACK, 0);
    }
    check("a download has none that is larger than half of the window", largest <= MOST_TO_BOX);
    check("and larger ones than libslirp makes", largest > LIBSLIRPS);
    close(fd);
    close(listener);
}

static void says_so_where_it_connects(bool v6) {
    uint16_t port = 0;
    struct sockaddr_storage to;
    const char *loopback = v6 ? "::1" : "::ffff:127.0.0.1";
    int listener = bound(loopback, SOCK_STREAM, &port);
    struct net_publish message = {NET_PUBLISH, 1, IPPROTO_TCP, BOX_PORT};
    tell(&message, sizeof message, listener);
    need(answer().code == 0, "publish");
    close(listener);
    int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = socket_address(loopback, port, &to);
    need(connect(fd, (struct sockaddr *)&to, size) == 0, "connect");
    next_first_segment(TCP_SYN);
    check("a box that a client calls may fill its MTU", may_fill_the_mtu(v6));
    close(fd);
}

int main(void) {
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 2;
    enter_namespace();
    for (int v6 = 0; v6 < 2; v6++) {
        start(NET_SAME_USER);
        sends_small_segments_and_takes_large_ones(v6);
        says_so_where_it_connects(v6);
        check("it ends with its shim", stop());
    }
    return 0;
}
