#include "reply.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

enum {
    IPV4_BYTES = 20,
    IPV6_BYTES = 40,
    TCP_BYTES = 20,
    UDP_BYTES = 8,
    ICMP_BYTES = 8,
    ARP_BYTES = 28,
    ADVERT_BYTES = 32,
    HOPS = 64,
    /* Of the refused packet: its IP header and at least what has the ports. */
    QUOTED_BYTES = 48,
    ADVERT_SOLICITED_OVERRIDE = 0x60,
    TARGET_LINK_ADDRESS = 2,
};

static size_t reply_arp(const struct packet *packet, const uint8_t mac[MAC_BYTES], uint8_t *to);
static size_t reply_advert(const struct packet *packet, const uint8_t mac[MAC_BYTES], uint8_t *to);
static size_t reply_reset(const struct packet *packet, uint8_t *to);
static uint8_t *begin(const struct packet *packet, uint8_t *to);
static size_t finish(const struct packet *packet, const struct in6_addr *from, uint8_t protocol, size_t size,
                     uint8_t *to);
static void put_v4_header(const struct packet *packet, const struct in6_addr *from, uint8_t protocol, size_t size,
                          uint8_t *ip);
static uint16_t transport_checksum(const struct packet *packet, const struct in6_addr *from, uint8_t protocol,
                                   const uint8_t *transport, size_t size);
static uint32_t sum(const uint8_t *bytes, size_t size);
static uint16_t fold(uint32_t total);

size_t reply_neighbour(const struct packet *packet, const uint8_t mac[MAC_BYTES], uint8_t *to) {
    return packet->v6 ? reply_advert(packet, mac, to) : reply_arp(packet, mac, to);
}

static size_t reply_arp(const struct packet *packet, const uint8_t mac[MAC_BYTES], uint8_t *to) {
    uint8_t *arp = begin(packet, to);
    memcpy(to + MAC_BYTES, mac, MAC_BYTES);
    put_u16(to + 2 * MAC_BYTES, ETHERTYPE_ARP);
    memcpy(arp, packet->ip, 6);
    put_u16(arp + 6, 2);
    memcpy(arp + 8, mac, MAC_BYTES);
    put_u32(arp + 14, v4_of_address(&packet->destination));
    memcpy(arp + 18, packet->from_mac, MAC_BYTES);
    put_u32(arp + 24, v4_of_address(&packet->source));
    return ETHERNET_BYTES + ARP_BYTES;
}

static size_t reply_advert(const struct packet *packet, const uint8_t mac[MAC_BYTES], uint8_t *to) {
    uint8_t *icmp = begin(packet, to) + IPV6_BYTES;
    memset(icmp, 0, ADVERT_BYTES);
    icmp[0] = ND_NEIGHBOR_ADVERT;
    icmp[4] = ADVERT_SOLICITED_OVERRIDE;
    memcpy(icmp + 8, &packet->destination, sizeof packet->destination);
    icmp[24] = TARGET_LINK_ADDRESS;
    icmp[25] = 1; /* in units of 8 bytes */
    memcpy(icmp + 26, mac, MAC_BYTES);
    size_t size = finish(packet, &packet->destination, IPPROTO_ICMPV6, ADVERT_BYTES, to);
    memcpy(to + MAC_BYTES, mac, MAC_BYTES);
    to[ETHERNET_BYTES + 7] = 255;
    return size;
}

size_t reply_datagram(const struct packet *packet, const uint8_t *payload, size_t size, uint8_t *to) {
    uint8_t *udp = begin(packet, to) + (packet->v6 ? IPV6_BYTES : IPV4_BYTES);
    put_u16(udp, packet->destination_port);
    put_u16(udp + 2, packet->source_port);
    put_u16(udp + 4, (uint32_t)(UDP_BYTES + size));
    put_u16(udp + 6, 0);
    memcpy(udp + UDP_BYTES, payload, size);
    return finish(packet, &packet->destination, IPPROTO_UDP, UDP_BYTES + size, to);
}

size_t reply_refused(const struct packet *packet, const struct in6_addr *from, uint8_t *to) {
    if (packet->kind == PACKET_TCP)
        return packet->tcp_flags & TCP_RST ? 0 : reply_reset(packet, to);
    if (packet->kind != PACKET_UDP && packet->kind != PACKET_ECHO)
        return 0;
    uint8_t *icmp = begin(packet, to) + (packet->v6 ? IPV6_BYTES : IPV4_BYTES);
    size_t quoted = packet->ip_size < QUOTED_BYTES ? packet->ip_size : QUOTED_BYTES;
    memset(icmp, 0, ICMP_BYTES);
    icmp[0] = packet->v6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH;
    icmp[1] = packet->v6 ? ICMP6_DST_UNREACH_ADMIN : ICMP_PKT_FILTERED;
    memcpy(icmp + ICMP_BYTES, packet->ip, quoted);
    return finish(packet, from, packet->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, ICMP_BYTES + quoted, to);
}

static size_t reply_reset(const struct packet *packet, uint8_t *to) {
    const uint8_t *asked = packet->transport;
    uint8_t *tcp = begin(packet, to) + (packet->v6 ? IPV6_BYTES : IPV4_BYTES);
    size_t payload = packet->transport_size - (size_t)(asked[12] >> 4) * 4;
    uint32_t length = (uint32_t)payload + !!(packet->tcp_flags & TCP_SYN) + !!(packet->tcp_flags & TCP_FIN);
    memset(tcp, 0, TCP_BYTES);
    put_u16(tcp, packet->destination_port);
    put_u16(tcp + 2, packet->source_port);
    if (packet->tcp_flags & TCP_ACK) {
        memcpy(tcp + 4, asked + 8, 4);
        tcp[13] = TCP_RST;
    } else {
        put_u32(tcp + 8, get_u32(asked + 4) + length);
        tcp[13] = TCP_RST | TCP_ACK;
    }
    tcp[12] = TCP_BYTES / 4 << 4;
    return finish(packet, &packet->destination, IPPROTO_TCP, TCP_BYTES, to);
}

size_t reply_echo(const struct in6_addr *box, const uint8_t box_mac[MAC_BYTES], uint16_t id,
                  const struct in6_addr *from, const uint8_t mac[MAC_BYTES], size_t size, uint8_t *to) {
    struct packet asked = {.v6 = true, .from_mac = box_mac, .to_mac = mac, .source = *box};
    uint8_t *icmp = begin(&asked, to) + IPV6_BYTES;
    put_u16(icmp + 2, 0);
    put_u16(icmp + 4, id);
    return finish(&asked, from, IPPROTO_ICMPV6, size, to);
}

/* The Ethernet header, back to where the packet came from. Returns where the next header goes. */
static uint8_t *begin(const struct packet *packet, uint8_t *to) {
    memcpy(to, packet->from_mac, MAC_BYTES);
    memcpy(to + MAC_BYTES, packet->to_mac, MAC_BYTES);
    put_u16(to + 2 * MAC_BYTES, packet->v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
    return to + ETHERNET_BYTES;
}

/* The IP header and the checksum of the `size` bytes behind it. Returns the frame's size. */
static size_t finish(const struct packet *packet, const struct in6_addr *from, uint8_t protocol, size_t size,
                     uint8_t *to) {
    uint8_t *ip = to + ETHERNET_BYTES;
    uint8_t *transport = ip + (packet->v6 ? IPV6_BYTES : IPV4_BYTES);
    if (packet->v6) {
        put_u32(ip, 6U << 28);
        put_u16(ip + 4, (uint32_t)size);
        ip[6] = protocol;
        ip[7] = HOPS;
        memcpy(ip + 8, from, sizeof *from);
        memcpy(ip + 24, &packet->source, sizeof packet->source);
    } else {
        put_v4_header(packet, from, protocol, size, ip);
    }
    static const uint8_t checksum_at[] = {
        [IPPROTO_ICMP] = 2, [IPPROTO_ICMPV6] = 2, [IPPROTO_TCP] = 16, [IPPROTO_UDP] = 6};
    put_u16(transport + checksum_at[protocol], transport_checksum(packet, from, protocol, transport, size));
    return (size_t)(transport - to) + size;
}

static void put_v4_header(const struct packet *packet, const struct in6_addr *from, uint8_t protocol, size_t size,
                          uint8_t *ip) {
    memset(ip, 0, IPV4_BYTES);
    ip[0] = 4 << 4 | IPV4_BYTES / 4;
    put_u16(ip + 2, (uint32_t)(IPV4_BYTES + size));
    ip[8] = HOPS;
    ip[9] = protocol;
    put_u32(ip + 12, v4_of_address(from));
    put_u32(ip + 16, v4_of_address(&packet->source));
    put_u16(ip + 10, (uint16_t)~fold(sum(ip, IPV4_BYTES)));
}

/* ICMP of IPv4 alone has no pseudo header. */
static uint16_t transport_checksum(const struct packet *packet, const struct in6_addr *from, uint8_t protocol,
                                   const uint8_t *transport, size_t size) {
    uint32_t total = 0;
    if (protocol != IPPROTO_ICMP) {
        size_t skipped = packet->v6 ? 0 : 12;
        total = protocol + (uint32_t)size + sum(from->s6_addr + skipped, 16 - skipped) +
                sum(packet->source.s6_addr + skipped, 16 - skipped);
    }
    uint16_t checksum = (uint16_t)~fold(total + sum(transport, size));
    return checksum == 0 && protocol == IPPROTO_UDP ? 0xffff : checksum;
}

static uint32_t sum(const uint8_t *bytes, size_t size) {
    uint32_t total = 0;
    for (size_t i = 0; i + 1 < size; i += 2)
        total += get_u16(bytes + i);
    return size % 2 ? total + (uint32_t)(bytes[size - 1] << 8) : total;
}

static uint16_t fold(uint32_t total) {
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return (uint16_t)total;
}
