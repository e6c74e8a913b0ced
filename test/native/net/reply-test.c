#include "net/packet/reply.h"

#include "frames.h"

static const uint8_t mac[6] = {0x52, 0x55, 9, 8, 7, 6};
static struct made_frame asked;
static struct packet packet;
static uint8_t *answer;
static size_t size;

/* An answer into a place of exactly the size that it may take. */
static uint8_t *place(size_t room) {
    free(answer);
    answer = malloc(room);
    if (!answer)
        exit(2);
    return memset(answer, 0xaa, room);
}

static void parse(void) { packet_parse(asked.bytes, asked.size, &packet); }

static bool between(const char *from, const char *to) {
    struct in6_addr source = address(from), destination = address(to);
    const uint8_t *ip = answer + 14;
    return answer[14] >> 4 == 6
               ? memcmp(ip + 8, &source, 16) == 0 && memcmp(ip + 24, &destination, 16) == 0
               : memcmp(ip + 12, source.s6_addr + 12, 4) == 0 && memcmp(ip + 16, destination.s6_addr + 12, 4) == 0;
}

static bool ethernet(const uint8_t from[6], uint16_t type) {
    return memcmp(answer, box_mac, 6) == 0 && memcmp(answer + 6, from, 6) == 0 && get_u16(answer + 12) == type;
}

static void answers_arp(void) {
    make_arp(&asked, BOX4, GATEWAY4);
    parse();
    size = reply_neighbour(&packet, mac, place(42));
    check("an answer of ARP goes to who asked", size == 42 && ethernet(mac, 0x0806));
    check("it is a reply of Ethernet and IPv4", memcmp(answer + 14, "\0\1\10\0\6\4\0\2", 8) == 0);
    check("from the address asked for", memcmp(answer + 22, mac, 6) == 0 && memcmp(answer + 28, "\12\0\2\2", 4) == 0);
    check("to the box's", memcmp(answer + 32, box_mac, 6) == 0 && memcmp(answer + 38, "\12\0\2\17", 4) == 0);
}

static void answers_solicitations(void) {
    make_solicit(&asked, BOX6, GATEWAY6);
    parse();
    size = reply_neighbour(&packet, mac, place(14 + 40 + 32));
    check("an advertisement goes to who asked", size == 86 && ethernet(mac, 0x86dd) && between(GATEWAY6, BOX6));
    check("straight from its sender", answer[20] == IPPROTO_ICMPV6 && answer[21] == 255 && get_u16(answer + 18) == 32);
    struct in6_addr gateway = address(GATEWAY6);
    check("it is solicited and overrides, and is no router's",
          get_u32(answer + 54) >> 16 == 136 << 8 && get_u32(answer + 58) == 0x60000000);
    check("of the address asked for", memcmp(answer + 62, &gateway, 16) == 0);
    check("with its MAC", memcmp(answer + 78, "\2\1", 2) == 0 && memcmp(answer + 80, mac, 6) == 0);
    check("its checksum is right", sums_are_right(answer));
}

static void answers_datagrams(void) {
    static const char *const boxes[] = {BOX4, BOX6}, *const resolvers[] = {RESOLVER4, RESOLVER6};
    static uint8_t payload[65507];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7 + 255);
    for (size_t family = 0; family < 2; family++) {
        size_t header = family ? 40 : 20;
        bool all = true;
        for (size_t n = 0; n < 300; n++) {
            make_udp(&asked, boxes[family], resolvers[family], 4000, 53, "?", 1);
            parse();
            size = reply_datagram(&packet, payload, n, place(n + 14 + header + 8));
            const uint8_t *udp = answer + 14 + header;
            all = all && size == 14 + header + 8 + n && ethernet(gateway_mac, family ? 0x86dd : 0x0800) &&
                  between(resolvers[family], boxes[family]) && get_u16(udp) == 53 && get_u16(udp + 2) == 4000 &&
                  get_u16(udp + 4) == 8 + n && get_u16(udp + 6) != 0 && memcmp(udp + 8, payload, n) == 0 &&
                  sums_are_right(answer);
        }
        check("a datagram goes back to where the query came from", all);
        size = reply_datagram(&packet, payload, 65507, place(65507 + REPLY_HEADERS));
        check("as does the largest", size == 14 + header + 8 + 65507 && sums_are_right(answer));
    }
    /* Of IPv6 a sum of 0 would mean that there is none. */
    uint8_t even[2] = {0, 0};
    reply_datagram(&packet, even, 2, place(64));
    uint32_t missing = get_u16(answer + 14 + 40 + 6);
    put_u16(even, missing);
    reply_datagram(&packet, even, 2, place(64));
    check("a checksum of 0 is sent as 0xffff", get_u16(answer + 14 + 40 + 6) == 0xffff && sums_are_right(answer));
}

static void refuse(const char *gateway) {
    struct in6_addr from = address(gateway);
    parse();
    size = reply_refused(&packet, &from, place(REPLY_HEADERS + 256));
}

static void refuses_connections(void) {
    static const char *const boxes[] = {BOX4, BOX6}, *const others[] = {"::ffff:127.0.0.1", "::1"},
                             *const gateways[] = {GATEWAY4, GATEWAY6};
    static const struct {
        const char *what;
        uint8_t flags, expected;
        uint32_t seq, ack;
    } cases[] = {
        {"a SYN is answered by a reset that acknowledges it", TCP_SYN, TCP_RST | TCP_ACK, 0, 0xffffffff},
        {"SYN and FIN count one each", TCP_SYN | TCP_FIN, TCP_RST | TCP_ACK, 0, 0},
        {"an ACK by a reset where it has been", TCP_ACK, TCP_RST, 0x89abcdef, 0},
        {"a SYN with ACK likewise", TCP_SYN | TCP_ACK, TCP_RST, 0x89abcdef, 0},
        {"no flags by one that acknowledges nothing more", 0, TCP_RST | TCP_ACK, 0, 0xfffffffe},
    };
    for (size_t family = 0; family < 2; family++) {
        size_t header = family ? 40 : 20;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            make_tcp(&asked, boxes[family], others[family], 40000, 6379, 0xfffffffe, 0x89abcdef, cases[i].flags);
            refuse(gateways[family]);
            const uint8_t *tcp = answer + 14 + header;
            check(cases[i].what, size == 14 + header + 20 && ethernet(gateway_mac, family ? 0x86dd : 0x0800) &&
                                     between(others[family], boxes[family]) && get_u16(tcp) == 6379 &&
                                     get_u16(tcp + 2) == 40000 && get_u32(tcp + 4) == cases[i].seq &&
                                     get_u32(tcp + 8) == cases[i].ack && tcp[12] == 0x50 &&
                                     tcp[13] == cases[i].expected && sums_are_right(answer));
        }
        make_tcp(&asked, boxes[family], others[family], 40000, 80, 1, 0, TCP_RST);
        refuse(gateways[family]);
        check("a reset is not answered", size == 0);
        make_icmp(&asked, boxes[family], others[family], family ? 1 : 3, "\0\0\0\0quoted", 10);
        refuse(gateways[family]);
        check("nor is another message of ICMP", size == 0);
    }
    uint8_t data[32] = {[12] = 0x60, TCP_SYN};
    make_ip(&asked, BOX4, "::ffff:127.0.0.1", IPPROTO_TCP, data, sizeof data, 16);
    refuse(GATEWAY4);
    check("what a segment carries is acknowledged, its options are not", get_u32(answer + 34 + 8) == 9);
}

static void refuses_the_rest(void) {
    static const char *const boxes[] = {BOX4, BOX6}, *const others[] = {"::ffff:127.0.0.1", "::1"},
                             *const gateways[] = {GATEWAY4, GATEWAY6};
    for (size_t family = 0; family < 2; family++)
        for (size_t kind = 0; kind < 3; kind++) {
            size_t header = family ? 40 : 20;
            static const uint8_t payload[100] = {1, 2, 3};
            if (kind == 0)
                make_echo(&asked, boxes[family], others[family]);
            else
                make_udp(&asked, boxes[family], others[family], 4000, 123, payload, kind == 1 ? 4 : 100);
            refuse(gateways[family]);
            const uint8_t *icmp = answer + 14 + header;
            size_t whole = asked.size - 14, quoted = whole < 48 ? whole : 48;
            check("echo requests and datagrams are prohibited by the gateway",
                  size == 14 + header + 8 + quoted && between(gateways[family], boxes[family]) &&
                      icmp[0] == (family ? 1 : 3) && icmp[1] == (family ? 1 : 13) && get_u32(icmp + 4) == 0 &&
                      memcmp(icmp + 8, asked.bytes + 14, quoted) == 0 && sums_are_right(answer));
        }
}

static void answers_echoes(void) {
    struct in6_addr box = address(BOX6), other = address("2001:db8::1");
    static const uint8_t reply[] = {129, 0, 9, 9, 7, 7, 0, 5, 'o', 'd', 'd'};
    place(14 + 40 + sizeof reply);
    memcpy(answer + 54, reply, sizeof reply);
    size = reply_echo(&box, box_mac, 0x1234, &other, mac, sizeof reply, answer);
    check("an echo's reply comes from who was asked",
          size == 54 + sizeof reply && ethernet(mac, 0x86dd) && between("2001:db8::1", BOX6) && answer[54] == 129);
    check("with the box's identifier",
          get_u16(answer + 58) == 0x1234 && memcmp(answer + 60, reply + 6, 5) == 0 && sums_are_right(answer));
}

int main(void) {
    answers_arp();
    answers_solicitations();
    answers_datagrams();
    refuses_connections();
    refuses_the_rest();
    answers_echoes();
    free(answer);
    return 0;
}
