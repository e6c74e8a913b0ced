#include "gaps.h"

#include <malloc.h>

#include "../packet/reply.h"

enum {
    TCP_BYTES = 20,
    /* All of 64 KiB: some 16 MiB. */
    BETWEEN_MEASURES = 256,
    OTHER_BYTES = 32 * 1024 * 1024,
};

static size_t memory_in_use(void);

void gaps_begin(struct gaps *gaps, const struct packet *packet) {
    gaps->packet = packet->kind == PACKET_TCP ? packet : NULL;
    gaps->kept = false;
}

/* A segment with a gap before it is answered at once, by an acknowledgement of what is before the gap. */
void gaps_answered(struct gaps *gaps, const struct packet *answer) {
    const struct packet *asked = gaps->packet;
    if (asked && answer->kind == PACKET_TCP && answer->tcp_flags & TCP_ACK &&
        answer->source_port == asked->destination_port && answer->destination_port == asked->source_port &&
        (int32_t)(get_u32(answer->transport + 8) - get_u32(asked->transport + 4)) < 0)
        gaps->kept = true;
}

bool gaps_end(struct gaps *gaps, uint32_t connections) {
    gaps->packet = NULL;
    if (!gaps->kept || ++gaps->unmeasured < BETWEEN_MEASURES)
        return false;
    /* While it is too much, each is measured. */
    if (memory_in_use() > (size_t)connections * NAT_CONNECTION_BYTES + OTHER_BYTES)
        return true;
    gaps->unmeasured = 0;
    return false;
}

static size_t memory_in_use(void) {
#if __GLIBC_PREREQ(2, 33)
    struct mallinfo2 memory = mallinfo2();
    return memory.uordblks + memory.hblkhd;
#else
    struct mallinfo memory = mallinfo();
    return (size_t)(unsigned)memory.uordblks + (size_t)(unsigned)memory.hblkhd;
#endif
}

/* A reset answers a segment by the number that this acknowledges: so it answers one that the peer might have sent. */
size_t gaps_reset(const struct packet *packet, uint8_t frame[GAPS_RESET_BYTES]) {
    uint8_t transport[TCP_BYTES] = {[12] = TCP_BYTES / 4 << 4, TCP_ACK};
    struct packet peers = *packet;
    peers.from_mac = packet->to_mac;
    peers.to_mac = packet->from_mac;
    peers.source = packet->destination;
    peers.destination = packet->source;
    peers.source_port = packet->destination_port;
    peers.destination_port = packet->source_port;
    peers.tcp_flags = TCP_ACK;
    peers.transport = transport;
    peers.transport_size = sizeof transport;
    put_u32(transport + 8, get_u32(packet->transport + 4));
    return reply_refused(&peers, NULL, frame);
}
