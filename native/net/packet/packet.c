#include "packet.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

enum {
    ARP_BYTES = 28,
    IPV4_BYTES = 20,
    IPV6_BYTES = 40,
    TCP_BYTES = 20,
    UDP_BYTES = 8,
    ICMP_BYTES = 8,
    SOLICIT_BYTES = 24,
    MULTICAST_REPORT_HOPS = 1,
    FRAGMENT_BITS = 0x3fff, /* more fragments, and the offset */
};

static enum packet_kind parse_arp(struct packet *packet);
static enum packet_kind parse_v4(struct packet *packet);
static enum packet_kind parse_v6(struct packet *packet);
static enum packet_kind parse_transport(struct packet *packet, uint8_t protocol);
static enum packet_kind parse_icmp6(struct packet *packet);
static bool is_v4_mapped(const struct in6_addr *address);

void packet_parse(const uint8_t *frame, size_t size, struct packet *packet) {
    *packet = (struct packet){.kind = PACKET_BAD, .frame = frame, .size = size};
    if (size < ETHERNET_BYTES || size > MAX_FRAME)
        return;
    packet->to_mac = frame;
    packet->from_mac = frame + MAC_BYTES;
    packet->ip = frame + ETHERNET_BYTES;
    switch (get_u16(frame + 2 * MAC_BYTES)) {
    case ETHERTYPE_ARP:
        packet->kind = parse_arp(packet);
        break;
    case ETHERTYPE_IP:
        packet->kind = parse_v4(packet);
        break;
    case ETHERTYPE_IPV6:
        packet->kind = parse_v6(packet);
        break;
    }
}

static enum packet_kind parse_arp(struct packet *packet) {
    static const uint8_t request[] = {0, 1, 8, 0, MAC_BYTES, 4, 0, 1};
    const uint8_t *arp = packet->ip;
    if (packet->size - ETHERNET_BYTES < ARP_BYTES || memcmp(arp, request, sizeof request) != 0 ||
        memcmp(arp + 8, packet->from_mac, MAC_BYTES) != 0)
        return PACKET_BAD;
    packet->source = address_of_v4(get_u32(arp + 14));
    packet->destination = address_of_v4(get_u32(arp + 24));
    return PACKET_ARP;
}

/* Fragments are refused: only their first has ports, and nothing that a guest with this MTU sends needs any. So are
 * options: source routing would make a lie of the destination. */
static enum packet_kind parse_v4(struct packet *packet) {
    const uint8_t *ip = packet->ip;
    size_t room = packet->size - ETHERNET_BYTES;
    if (room < IPV4_BYTES || ip[0] != (4 << 4 | IPV4_BYTES / 4))
        return PACKET_BAD;
    packet->ip_size = get_u16(ip + 2);
    if (packet->ip_size < IPV4_BYTES || packet->ip_size > room || get_u16(ip + 6) & FRAGMENT_BITS)
        return PACKET_BAD;
    packet->source = address_of_v4(get_u32(ip + 12));
    packet->destination = address_of_v4(get_u32(ip + 16));
    packet->transport = ip + IPV4_BYTES;
    packet->transport_size = packet->ip_size - IPV4_BYTES;
    if (ip[9] == IPPROTO_IGMP)
        return PACKET_IGNORED;
    if (ip[9] != IPPROTO_ICMP)
        return parse_transport(packet, ip[9]);
    if (packet->transport_size < ICMP_BYTES)
        return PACKET_BAD;
    return packet->transport[0] == ICMP_ECHO ? PACKET_ECHO : PACKET_ICMP;
}

static enum packet_kind parse_v6(struct packet *packet) {
    const uint8_t *ip = packet->ip;
    size_t room = packet->size - ETHERNET_BYTES;
    if (room < IPV6_BYTES || ip[0] >> 4 != 6)
        return PACKET_BAD;
    packet->v6 = true;
    packet->ip_size = IPV6_BYTES + (size_t)get_u16(ip + 4);
    if (packet->ip_size > room)
        return PACKET_BAD;
    memcpy(&packet->source, ip + 8, sizeof packet->source);
    memcpy(&packet->destination, ip + 24, sizeof packet->destination);
    if (is_v4_mapped(&packet->source) || is_v4_mapped(&packet->destination))
        return PACKET_BAD;
    packet->transport = ip + IPV6_BYTES;
    packet->transport_size = packet->ip_size - IPV6_BYTES;
    /* Multicast listener reports begin with hop-by-hop options. */
    if (ip[6] == IPPROTO_HOPOPTS && ip[7] == MULTICAST_REPORT_HOPS)
        return PACKET_IGNORED;
    return ip[6] == IPPROTO_ICMPV6 ? parse_icmp6(packet) : parse_transport(packet, ip[6]);
}

static enum packet_kind parse_transport(struct packet *packet, uint8_t protocol) {
    const uint8_t *transport = packet->transport;
    size_t least = protocol == IPPROTO_TCP ? TCP_BYTES : UDP_BYTES;
    if ((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) || packet->transport_size < least)
        return PACKET_BAD;
    packet->source_port = get_u16(transport);
    packet->destination_port = get_u16(transport + 2);
    if (protocol == IPPROTO_UDP) {
        size_t length = get_u16(transport + 4);
        return length < UDP_BYTES || length > packet->transport_size ? PACKET_BAD : PACKET_UDP;
    }
    size_t header = (size_t)(transport[12] >> 4) * 4;
    packet->tcp_flags = transport[13];
    return header < TCP_BYTES || header > packet->transport_size ? PACKET_BAD : PACKET_TCP;
}

static enum packet_kind parse_icmp6(struct packet *packet) {
    const uint8_t *icmp = packet->transport;
    if (packet->transport_size < ICMP_BYTES)
        return PACKET_BAD;
    switch (icmp[0]) {
    case ICMP6_ECHO_REQUEST:
        return PACKET_ECHO;
    case ND_NEIGHBOR_SOLICIT:
        /* A hop limit of 255: no router has passed it on. */
        if (packet->transport_size < SOLICIT_BYTES || packet->ip[7] != 255)
            return PACKET_BAD;
        memcpy(&packet->destination, icmp + ICMP_BYTES, sizeof packet->destination);
        return is_v4_mapped(&packet->destination) ? PACKET_BAD : PACKET_SOLICIT;
    case ND_NEIGHBOR_ADVERT:
    case ND_ROUTER_SOLICIT:
        return PACKET_IGNORED;
    case ND_ROUTER_ADVERT:
    case ND_REDIRECT:
        return PACKET_BAD;
    default:
        return PACKET_ICMP;
    }
}

/* Such an address is never on the wire (RFC 4038, 4.2), and would pass for the IPv4 one here. */
static bool is_v4_mapped(const struct in6_addr *address) { return IN6_IS_ADDR_V4MAPPED(address); }

struct in6_addr address_of_v4(uint32_t address) {
    struct in6_addr mapped = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    put_u32(mapped.s6_addr + 12, address);
    return mapped;
}

uint32_t v4_of_address(const struct in6_addr *address) { return get_u32(address->s6_addr + 12); }
