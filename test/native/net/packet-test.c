#include "frames.h"

static struct made_frame frame;

/* Reads bytes that end where the frame does, so that the sanitizers see a read past it. */
static enum packet_kind kind_of(size_t size) {
    uint8_t *exact = malloc(size + !size);
    if (!exact)
        exit(2);
    memcpy(exact, frame.bytes, size);
    struct packet packet;
    packet_parse(exact, size, &packet);
    free(exact);
    return packet.kind;
}

/* The frame that was made has this kind, padded too, and is malformed when it is cut anywhere. */
static void is_kind(const char *what, enum packet_kind kind) {
    bool cut = true;
    for (size_t size = 0; size < frame.size; size++)
        cut = cut && kind_of(size) == PACKET_BAD;
    size_t size = frame.size;
    memset(frame.bytes + size, 0xee, 60);
    check(what, kind_of(size) == kind && kind_of(size + 60) == kind && cut);
}

static void tells_kinds_apart(void) {
    static const char *const boxes[] = {BOX4, BOX6}, *const others[] = {"::ffff:192.0.2.1", "2001:db8::1"};
    for (size_t i = 0; i < 2; i++) {
        make_tcp(&frame, boxes[i], others[i], 40000, 80, 1, 0, TCP_SYN);
        is_kind("a segment of TCP", PACKET_TCP);
        make_udp(&frame, boxes[i], others[i], 40000, 53, "payload", 7);
        is_kind("a datagram of UDP", PACKET_UDP);
        make_udp(&frame, boxes[i], others[i], 40000, 53, "", 0);
        is_kind("an empty datagram", PACKET_UDP);
        make_echo(&frame, boxes[i], others[i]);
        is_kind("an echo request", PACKET_ECHO);
        make_icmp(&frame, boxes[i], others[i], i ? 1 : 3, "\0\0\0\0quoted", 10);
        is_kind("an unreachable destination", PACKET_ICMP);
    }
    make_arp(&frame, BOX4, GATEWAY4);
    is_kind("a question of ARP", PACKET_ARP);
    make_solicit(&frame, BOX6, GATEWAY6);
    is_kind("a neighbour solicitation", PACKET_SOLICIT);
    make_icmp(&frame, BOX6, "ff02::2", 133, "\0\0\0\0", 4);
    is_kind("a router solicitation is ignored", PACKET_IGNORED);
    make_ip(&frame, BOX4, "::ffff:224.0.0.22", IPPROTO_IGMP, "\x22\0\0\0\0\0\0\0", 8, 2);
    is_kind("a multicast report of IPv4 is ignored", PACKET_IGNORED);
    make_ip(&frame, BOX6, "ff02::16", IPPROTO_HOPOPTS, "\x3a\0\5\2\0\0\1\0\x8f\0\0\0\0\0\0\0", 16, 10);
    frame.bytes[14 + 7] = 1;
    is_kind("a multicast report of IPv6 is ignored", PACKET_IGNORED);
}

struct change {
    const char *what;
    size_t at;
    uint8_t value;
};

static void refuses(const struct change *changes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t before = frame.bytes[changes[i].at];
        frame.bytes[changes[i].at] = changes[i].value;
        check(changes[i].what, kind_of(frame.size) == PACKET_BAD);
        frame.bytes[changes[i].at] = before;
    }
}

#define REFUSES(...) \
    refuses((struct change[]){__VA_ARGS__}, sizeof((struct change[]){__VA_ARGS__}) / sizeof(struct change))

static void refuses_malformed_frames(void) {
    make_udp(&frame, BOX4, "::ffff:192.0.2.1", 1000, 53, "payload", 7);
    REFUSES({"an unknown type of Ethernet", 12, 0x88}, {"a VLAN's tag", 12, 0x81}, {"another version", 14, 0x65},
            {"a header of IPv4 without room", 14, 0x44}, {"options of IPv4", 14, 0x46}, {"version 0", 14, 0x05},
            {"more options", 14, 0x4f}, {"a total length below the header's", 17, 19},
            {"a total length above the frame's", 17, 36}, {"a much larger one", 16, 0xff},
            {"a first fragment", 20, 0x20}, {"a later fragment", 21, 1}, {"a last fragment", 20, 0x1f},
            {"SCTP", 23, 132}, {"GRE", 23, 47}, {"IPv6 in IPv4", 23, 41}, {"IPv4 in IPv4", 23, 4},
            {"protocol 0", 23, 0}, {"a datagram's length above the packet's", 14 + 20 + 5, 16},
            {"one below its header's", 14 + 20 + 5, 7}, {"a datagram's length of 0", 14 + 20 + 5, 0},
            {"TCP in what has no room for it", 23, 6});
    frame.bytes[20] = 0x40;
    check("don't fragment is no fragment", kind_of(frame.size) == PACKET_UDP);
    frame.bytes[14 + 20 + 5] = 8;
    check("a datagram's length may be below the packet's", kind_of(frame.size) == PACKET_UDP);

    make_tcp(&frame, BOX4, "::ffff:192.0.2.1", 1000, 80, 1, 0, TCP_SYN);
    REFUSES({"a segment's header below its least", 14 + 20 + 12, 0x40}, {"one above the packet", 14 + 20 + 12, 0x60},
            {"one of 60 bytes in 20", 14 + 20 + 12, 0xf0});

    make_tcp(&frame, BOX6, "2001:db8::1", 1000, 80, 1, 0, TCP_SYN);
    REFUSES({"version 4 as IPv6", 14, 0x45}, {"a payload's length above the frame's", 14 + 5, 21},
            {"a much larger one", 14 + 4, 0xff}, {"a payload's length of 0", 14 + 5, 0},
            {"a fragment's header", 14 + 6, 44}, {"a routing header", 14 + 6, 43}, {"hop-by-hop options", 14 + 6, 0},
            {"options for the destination", 14 + 6, 60}, {"an authentication header", 14 + 6, 51},
            {"no next header", 14 + 6, 59}, {"IPv4 in IPv6", 14 + 6, 4});

    make_solicit(&frame, BOX6, GATEWAY6);
    REFUSES({"a solicitation that a router passed on", 14 + 7, 254}, {"a router's advertisement", 54, 134},
            {"a redirection", 54, 137});
    frame.bytes[54] = 136;
    check("a neighbour's advertisement is ignored", kind_of(frame.size) == PACKET_IGNORED);

    make_arp(&frame, BOX4, GATEWAY4);
    REFUSES({"ARP of another link", 15, 6}, {"ARP for another protocol", 16, 9}, {"a longer MAC", 18, 8},
            {"a longer address", 19, 16}, {"an answer of ARP", 21, 2}, {"RARP", 21, 3},
            {"ARP for another sender", 27, 9});

    check("what is larger than a frame can be",
          (memset(frame.bytes, 0, 100), frame.size = MAX_FRAME + 1, frame.bytes[12] = 8, frame.bytes[14] = 0x45,
           kind_of(frame.size) == PACKET_BAD));
}

/* IPv4 addresses stand as v4-mapped ones, so an IPv6 packet with one would be taken for what it is not. */
static void refuses_mapped_addresses(void) {
    make_tcp(&frame, BOX6, "::ffff:192.0.2.1", 1000, 80, 1, 0, TCP_SYN);
    check("IPv6 to a v4-mapped address", frame.v6 && kind_of(frame.size) == PACKET_BAD);
    make_solicit(&frame, BOX6, GATEWAY4);
    check("a solicitation for one", kind_of(frame.size) == PACKET_BAD);
    make_tcp(&frame, BOX6, "2001:db8::1", 1000, 80, 1, 0, TCP_SYN);
    struct in6_addr mapped = address(BOX4);
    memcpy(frame.bytes + 14 + 8, &mapped, 16);
    check("IPv6 from one", kind_of(frame.size) == PACKET_BAD);
}

static void reads_fields(void) {
    struct packet packet;
    struct in6_addr box = address(BOX4), other = address("::ffff:192.0.2.1"), asked = address(GATEWAY6);
    make_tcp(&frame, BOX4, "::ffff:192.0.2.1", 0x1234, 0x5678, 1, 0, TCP_SYN | TCP_ACK);
    frame.size += 6;
    packet_parse(frame.bytes, frame.size, &packet);
    check("addresses and ports are read", !packet.v6 && same_address(&packet.source, &box) &&
                                              same_address(&packet.destination, &other) &&
                                              packet.source_port == 0x1234 && packet.destination_port == 0x5678 &&
                                              packet.tcp_flags == (TCP_SYN | TCP_ACK));
    check("padding is no part of the packet", packet.ip_size == 40 && packet.transport_size == 20 &&
                                                  packet.size == 60 && packet.transport == frame.bytes + 34);
    make_solicit(&frame, BOX6, GATEWAY6);
    packet_parse(frame.bytes, frame.size, &packet);
    check("a solicitation's destination is who is asked for", packet.v6 && same_address(&packet.destination, &asked));
}

int main(void) {
    tells_kinds_apart();
    refuses_malformed_frames();
    refuses_mapped_addresses();
    reads_fields();
    return 0;
}
