/* A box whose segments leave gaps: what boxlite-net keeps until they are filled is bounded. */
#include <stdint.h>

#include "net-process.h"

enum { SEGMENTS = 20000, CONNECTIONS = 3, HONEST_PORT = 9000, HONEST_SEGMENTS = 100, PAGES_OF_6_MIB = 6 * 256 };

static struct made_frame frame;

static void send_byte(bool v6, uint16_t source_port, uint16_t port, uint32_t seq, uint32_t ack) {
    uint8_t tcp[21] = {[12] = 0x50, TCP_ACK, 0xff, 0xff};
    put_u16(tcp, source_port);
    put_u16(tcp + 2, port);
    put_u32(tcp + 4, seq);
    put_u32(tcp + 8, ack);
    tcp[20] = (uint8_t)('a' + seq % 26);
    make_ip(&frame, v6 ? BOX6 : BOX4, v6 ? OUTSIDE6 : OUTSIDE4, IPPROTO_TCP, tcp, sizeof tcp, 16);
    send_frame(&frame);
}

static void drain(void) {
    while (next_frame(0))
        ;
}

/* Its first byte is number 2. @returns what to acknowledge */
static uint32_t connected(bool v6, uint16_t source_port, uint16_t port) {
    const char *box = v6 ? BOX6 : BOX4, *outside = v6 ? OUTSIDE6 : OUTSIDE4;
    drain();
    make_tcp(&frame, box, outside, source_port, port, 1, 0, TCP_SYN);
    send_frame(&frame);
    while (next_frame(WAIT_MS))
        if (packet.destination_port == source_port && packet.tcp_flags == (TCP_SYN | TCP_ACK)) {
            uint32_t ack = get_u32(packet.transport + 4) + 1;
            make_tcp(&frame, box, outside, source_port, port, 2, ack, TCP_ACK);
            send_frame(&frame);
            return ack;
        }
    need(false, "a connection");
    return 0;
}

/* What the listener's next connection says, up to its end or the count. */
static bool hears(int fd, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        char byte;
        if (!readable(fd, WAIT_MS) || recv(fd, &byte, 1, 0) != 1 || byte != (char)('a' + (first + i) % 26))
            return false;
    }
    return true;
}

static void keeps_no_more_than_it_can(bool v6) {
    uint16_t port = 0;
    int listener = bound(v6 ? OUTSIDE6 : OUTSIDE4, SOCK_STREAM, &port);
    uint32_t ack = connected(v6, HONEST_PORT, port);
    int honest = accept(listener, NULL, NULL);
    for (uint32_t i = HONEST_SEGMENTS; i-- > 0;)
        send_byte(v6, HONEST_PORT, port, 2 + i, ack);
    check("bytes in the wrong order arrive in the right one", hears(honest, 2, HONEST_SEGMENTS));

    long before = resident_pages();
    for (uint16_t i = 0; i < CONNECTIONS; i++) {
        uint32_t theirs = connected(v6, 10000 + i, port);
        char byte;
        int fd = accept(listener, NULL, NULL);
        for (uint32_t j = 0; j < SEGMENTS; j++) {
            send_byte(v6, 10000 + i, port, 4 + 2 * j, theirs);
            drain();
        }
        check("a connection of nothing but gaps is reset",
              readable(fd, WAIT_MS) && recv(fd, &byte, 1, 0) == -1 && errno == ECONNRESET);
        close(fd);
    }
    check("gaps do not make it grow", resident_pages() - before < PAGES_OF_6_MIB);
    send_byte(v6, HONEST_PORT, port, 2 + HONEST_SEGMENTS, ack);
    check("nor end another connection", hears(honest, 2 + HONEST_SEGMENTS, 1));
    check("nor it", waitpid(net_pid, NULL, WNOHANG) == 0);
    close(honest);
    close(listener);
}

int main(void) {
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 2;
    enter_namespace();
    for (int v6 = 0; v6 < 2; v6++) {
        start(NET_SAME_USER);
        keeps_no_more_than_it_can(v6);
        check("it ends with its shim", stop());
    }
    return 0;
}
