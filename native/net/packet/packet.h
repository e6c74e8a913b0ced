/* What a box may send, taken apart: Ethernet with ARP, IPv4 or IPv6, and TCP, UDP or ICMP in it. IPv4 addresses are
 * v4-mapped (::ffff:a.b.c.d), so that one comparison serves both. */
#ifndef BOXLITE_NET_PACKET_PACKET_H
#define BOXLITE_NET_PACKET_PACKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MAC_BYTES = 6,
    ETHERNET_BYTES = 14,
    /* The largest frame that a VMM passes on: an IPv6 packet without jumbo option, and its Ethernet header. */
    MAX_FRAME = ETHERNET_BYTES + 40 + 65535,
};

enum packet_kind {
    PACKET_BAD,      /* malformed, or of a kind that no box needs: fragments, IP options, other protocols */
    PACKET_ARP,      /* a request, from `source` for `destination` */
    PACKET_SOLICIT,  /* the same of IPv6: a neighbour solicitation */
    PACKET_IGNORED,  /* what every IPv6 host sends unasked: router solicitations, multicast reports */
    PACKET_TCP,
    PACKET_UDP,
    PACKET_ECHO,     /* an echo request */
    PACKET_ICMP,     /* another message of ICMP */
};

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

struct packet {
    enum packet_kind kind;
    bool v6;
    const uint8_t *frame;
    size_t size;
    const uint8_t *from_mac, *to_mac;
    struct in6_addr source, destination;
    const uint8_t *ip, *transport;      /* inside the frame */
    size_t ip_size, transport_size;     /* as the IP header has them; the frame may be padded */
    uint16_t source_port, destination_port;
    uint8_t tcp_flags;
};

/* Every field that the kind has is within the frame. */
void packet_parse(const uint8_t *frame, size_t size, struct packet *packet);

struct in6_addr address_of_v4(uint32_t address);
/* The IPv4 address in a v4-mapped one. */
uint32_t v4_of_address(const struct in6_addr *address);
static inline bool same_address(const struct in6_addr *a, const struct in6_addr *b) { return IN6_ARE_ADDR_EQUAL(a, b); }

static inline uint16_t get_u16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline uint32_t get_u32(const uint8_t *at) { return (uint32_t)get_u16(at) << 16 | get_u16(at + 2); }
static inline void put_u16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}
static inline void put_u32(uint8_t *at, uint32_t value) {
    put_u16(at, value >> 16);
    put_u16(at + 2, value & 0xffff);
}

#endif
