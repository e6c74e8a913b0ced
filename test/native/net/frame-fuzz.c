/* Any bytes as a box's frame, and the answers to it: as they are, and laid over a frame of a known kind. */

#include "net/packet/closed.h"
#include "net/packet/reply.h"

#include "frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(const struct packet *packet, const uint8_t *at, size_t size) {
    return at >= packet->frame && at + size <= packet->frame + packet->size;
}

/* Exactly the room that an answer may take. */
static void answer(const struct packet *packet) {
    static const uint8_t mac[MAC_BYTES] = {2};
    uint8_t *to = malloc(REPLY_HEADERS + 256);
    size_t size = 0;
    struct packet again;
    if (!to)
        abort();
    if (packet->kind == PACKET_ARP || packet->kind == PACKET_SOLICIT) {
        size = reply_neighbour(packet, mac, to);
    } else if (packet->kind != PACKET_IGNORED) {
        size = reply_refused(packet, &packet->destination, to);
        packet_parse(to, size, &again);
        if (size && again.kind != (packet->kind == PACKET_TCP ? PACKET_TCP : PACKET_ICMP))
            __builtin_trap();
        if (packet->kind == PACKET_UDP)
            size = reply_datagram(packet, packet->transport + 8,
                                  packet->transport_size < 200 ? packet->transport_size - 8 : 200, to);
    }
    if (size > REPLY_HEADERS + 256)
        __builtin_trap();
    free(to);
}

static void parse(const uint8_t *data, size_t size) {
    struct packet packet;
    packet_parse(data, size, &packet);
    if (packet.kind == PACKET_BAD)
        return;
    (void)closed_address(&packet.destination);
    if (packet.kind != PACKET_ARP && (!is_within(&packet, packet.ip, packet.ip_size) ||
                                      !is_within(&packet, packet.transport, packet.transport_size)))
        __builtin_trap();
    answer(&packet);
}

static void make_seed(uint8_t which, struct made_frame *seed) {
    static const char *const boxes[] = {BOX4, BOX6}, *const others[] = {"::ffff:192.0.2.1", "2001:db8::1"};
    const char *from = boxes[which % 2], *to = others[which % 2];
    switch (which / 2 % 5) {
    case 0:
        make_tcp(seed, from, to, 40000, 80, 1, 2, TCP_SYN);
        break;
    case 1:
        make_udp(seed, from, to, 40000, 53, "payload", 7);
        break;
    case 2:
        make_echo(seed, from, to);
        break;
    case 3:
        make_icmp(seed, from, to, 3, "\0\0\0\0quoted", 10);
        break;
    default:
        if (which % 2)
            make_solicit(seed, BOX6, GATEWAY6);
        else
            make_arp(seed, BOX4, GATEWAY4);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct made_frame seed;
    parse(data, size);
    if (size < 2)
        return 0;
    make_seed(data[0], &seed);
    size_t cut = data[1] % (seed.size + 1);
    uint8_t *exact = malloc(seed.size);
    if (!exact)
        abort();
    memcpy(exact, seed.bytes, seed.size);
    for (size_t i = 2; i < size && i - 2 < seed.size; i++)
        exact[i - 2] ^= data[i];
    parse(exact, seed.size);
    parse(exact, cut);
    free(exact);
    return 0;
}
