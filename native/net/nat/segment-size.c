#include "segment-size.h"

#include <string.h>

enum { IPV4_BYTES = 20, IPV6_BYTES = 40, TCP_BYTES = 20, CHECKSUM_AT = 16, OPTION_BYTES = 4 };
enum { LONGEST = ETHERNET_BYTES + IPV6_BYTES + TCP_BYTES + OPTION_BYTES };

static const uint8_t segment_size[] = {2, OPTION_BYTES};

static void replace(uint8_t *tcp, size_t at, uint16_t value);

const void *segment_size_raise(const void *frame, size_t size, uint32_t mtu) {
    static uint8_t copy[LONGEST];
    struct packet packet;
    if (size > sizeof copy)
        return frame;
    packet_parse(frame, size, &packet);
    /* It is the only option that libslirp sends. */
    if (packet.kind != PACKET_TCP || !(packet.tcp_flags & TCP_SYN) ||
        packet.transport_size < TCP_BYTES + OPTION_BYTES ||
        packet.transport[12] >> 4 != (TCP_BYTES + OPTION_BYTES) / 4 ||
        memcmp(packet.transport + TCP_BYTES, segment_size, sizeof segment_size) != 0)
        return frame;
    memcpy(copy, frame, size);
    replace(copy + (packet.transport - packet.frame), TCP_BYTES + sizeof segment_size,
            (uint16_t)(mtu - (packet.v6 ? IPV6_BYTES : IPV4_BYTES) - TCP_BYTES));
    return copy;
}

/* The checksum changes with it (RFC 1624, equation 3). */
static void replace(uint8_t *tcp, size_t at, uint16_t value) {
    uint32_t sum = (uint16_t)~get_u16(tcp + CHECKSUM_AT) + (uint32_t)(uint16_t)~get_u16(tcp + at) + value;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    put_u16(tcp + CHECKSUM_AT, (uint16_t)~sum);
    put_u16(tcp + at, value);
}
