#include "members.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>
#include <string.h>

#include "../packet/clock.h"
#include "../packet/reply.h"

enum { ICMP_BYTES = 8 };

static void reset(struct net_switch *s, struct link *link, const struct packet *packet);
static bool may_cross(const struct packet *packet);
static bool is_about_both(const struct packet *packet);
static bool begins(const struct packet *packet);

bool members_out(struct net_switch *s, uint32_t port, struct link *link, const struct packet *packet) {
    struct policy *policy = &s->ports[port].policy;
    if (!link_is_own(link, &packet->source) || !may_cross(packet))
        return false;
    /* Behind the policy's verdict, so that a denied address looks the same whether or not anybody has it. */
    if (begins(packet)) {
        struct verdict verdict = policy_decide_member(policy, packet, clock_ms());
        if (verdict.is_news && policy->reports)
            s->callbacks.decided(s->callbacks.context, port, packet, &verdict);
        if (!verdict.allowed)
            return false;
    } else if (packet->kind == PACKET_TCP &&
               policy_cuts_member(policy, &packet->destination, packet->destination_port, packet->source_port)) {
        return false;
    }
    if (!link_has(link, &packet->destination))
        return false;
    link_send(&s->links, link, packet);
    return true;
}

bool members_in(struct net_switch *s, struct link *link, uint8_t *frame, size_t size) {
    struct port *port = &s->ports[link->port];
    struct packet packet;
    memcpy(frame, port->box.mac, MAC_BYTES);
    memcpy(frame + MAC_BYTES, nat_mac(s->nat), MAC_BYTES);
    put_u16(frame + 2 * MAC_BYTES, frame[ETHERNET_BYTES] >> 4 == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
    packet_parse(frame, size, &packet);
    if (!may_cross(&packet) || packet.ip_size != size - ETHERNET_BYTES || !link_is_own(link, &packet.destination) ||
        !link_has(link, &packet.source) || switch_is_ours(s, &packet.source))
        return false;
    if (packet.kind == PACKET_TCP &&
        policy_cuts_member(&port->policy, &packet.source, packet.source_port, packet.destination_port)) {
        reset(s, link, &packet);
        return false;
    }
    if (packet.kind == PACKET_UDP)
        policy_heard(&port->policy, &packet, clock_ms());
    return true;
}

/* The member sees its connection end. */
static void reset(struct net_switch *s, struct link *link, const struct packet *packet) {
    uint8_t frame[REPLY_HEADERS + 64];
    struct packet answer;
    size_t size = reply_refused(packet, &packet->destination, frame);
    if (!size)
        return;
    packet_parse(frame, size, &answer);
    link_send(&s->links, link, &answer);
}

/* Connections, datagrams, echo, and errors of these. What configures a host (redirects, advertisements) is no other
 * member's business. */
static bool may_cross(const struct packet *packet) {
    if (packet->kind != PACKET_ICMP)
        return packet->kind == PACKET_TCP || packet->kind == PACKET_UDP || packet->kind == PACKET_ECHO;
    uint8_t type = packet->transport[0];
    if (type == (packet->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY))
        return true;
    bool error = packet->v6 ? type <= ICMP6_PARAM_PROB
                            : type == ICMP_DEST_UNREACH || type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
    return error && is_about_both(packet);
}

/* Between members is no router, so an error is about what its receiver has sent its sender. One about a packet to
 * somebody else would slow down or end what its sender has no part in. */
static bool is_about_both(const struct packet *packet) {
    const uint8_t *quoted = packet->transport + ICMP_BYTES;
    struct in6_addr source, destination;
    if (packet->transport_size < ICMP_BYTES + (packet->v6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr)))
        return false;
    if (packet->v6) {
        memcpy(&source, quoted + offsetof(struct ip6_hdr, ip6_src), sizeof source);
        memcpy(&destination, quoted + offsetof(struct ip6_hdr, ip6_dst), sizeof destination);
    } else {
        source = address_of_v4(get_u32(quoted + offsetof(struct iphdr, saddr)));
        destination = address_of_v4(get_u32(quoted + offsetof(struct iphdr, daddr)));
    }
    return same_address(&source, &packet->destination) && same_address(&destination, &packet->source);
}

static bool begins(const struct packet *packet) {
    if (packet->kind == PACKET_TCP)
        return (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    return packet->kind == PACKET_UDP || packet->kind == PACKET_ECHO;
}
