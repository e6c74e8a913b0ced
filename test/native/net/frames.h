/* Ethernet frames made for a test, and checksums by a sum of the test's own. */
#ifndef BOXLITE_TEST_NET_FRAMES_H
#define BOXLITE_TEST_NET_FRAMES_H

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "net/packet/packet.h"

#include "../guest/check.h"

#define BOX4 "::ffff:10.0.2.15"
#define GATEWAY4 "::ffff:10.0.2.2"
#define RESOLVER4 "::ffff:10.0.2.3"
#define BOX6 "fd62:6f78:6c74::15"
#define GATEWAY6 "fd62:6f78:6c74::2"
#define RESOLVER6 "fd62:6f78:6c74::3"

static const uint8_t box_mac[6] = {2, 0x42, 1, 2, 3, 4};
static const uint8_t gateway_mac[6] = {0x52, 0x55, 10, 0, 2, 2};

struct made_frame {
    size_t size;
    bool v6;
    uint8_t bytes[66000];
};

static inline struct in6_addr address(const char *text) {
    struct in6_addr parsed;
    if (inet_pton(AF_INET6, text, &parsed) != 1)
        exit(2);
    return parsed;
}

static inline uint32_t add_bytes(uint32_t total, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        total += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
        total = total > 0xffff ? total - 0xffff : total;
    }
    return total;
}

/* Of what is behind the IP header, with its pseudo header: 0xffff where the checksum in it is right. */
static inline uint32_t transport_sum(const uint8_t *frame) {
    const uint8_t *ip = frame + 14;
    bool v6 = ip[0] >> 4 == 6;
    size_t header = v6 ? 40 : 20;
    size_t size = v6 ? get_u16(ip + 4) : get_u16(ip + 2) - header;
    uint8_t protocol = v6 ? ip[6] : ip[9];
    uint32_t total = 0;
    if (protocol != IPPROTO_ICMP) {
        uint8_t pseudo[4] = {0, protocol, (uint8_t)(size >> 8), (uint8_t)size};
        total = add_bytes(total, v6 ? ip + 8 : ip + 12, v6 ? 32 : 8);
        total = add_bytes(total, pseudo, sizeof pseudo);
    }
    return add_bytes(total, ip + header, size);
}

static inline bool sums_are_right(const uint8_t *frame) {
    const uint8_t *ip = frame + 14;
    return (ip[0] >> 4 == 6 || add_bytes(0, ip, 20) == 0xffff) && transport_sum(frame) == 0xffff;
}

/* Puts headers around the payload; v4 where both addresses are v4-mapped. The checksum at `sum_at` of the payload is
 * filled in. */
static inline void make_ip(struct made_frame *frame, const char *from, const char *to, uint8_t protocol,
                           const void *payload, size_t size, size_t sum_at) {
    struct in6_addr source = address(from), destination = address(to);
    uint8_t *ip = frame->bytes + 14;
    frame->v6 = !IN6_IS_ADDR_V4MAPPED(&source);
    memcpy(frame->bytes, gateway_mac, 6);
    memcpy(frame->bytes + 6, box_mac, 6);
    put_u16(frame->bytes + 12, frame->v6 ? 0x86dd : 0x0800);
    size_t header = frame->v6 ? 40 : 20;
    memset(ip, 0, header);
    if (frame->v6) {
        ip[0] = 0x60;
        put_u16(ip + 4, (uint32_t)size);
        ip[6] = protocol;
        ip[7] = 64;
        memcpy(ip + 8, &source, 16);
        memcpy(ip + 24, &destination, 16);
    } else {
        ip[0] = 0x45;
        put_u16(ip + 2, (uint32_t)(header + size));
        ip[8] = 64;
        ip[9] = protocol;
        memcpy(ip + 12, source.s6_addr + 12, 4);
        memcpy(ip + 16, destination.s6_addr + 12, 4);
        put_u16(ip + 10, ~add_bytes(0, ip, 20) & 0xffff);
    }
    memcpy(ip + header, payload, size);
    put_u16(ip + header + sum_at, 0);
    put_u16(ip + header + sum_at, ~transport_sum(frame->bytes) & 0xffff);
    frame->size = 14 + header + size;
}

static inline void make_tcp(struct made_frame *frame, const char *from, const char *to, uint16_t source_port,
                            uint16_t port, uint32_t seq, uint32_t ack, uint8_t flags) {
    uint8_t tcp[20] = {[12] = 0x50, flags, 0xff, 0xff};
    put_u16(tcp, source_port);
    put_u16(tcp + 2, port);
    put_u32(tcp + 4, seq);
    put_u32(tcp + 8, ack);
    make_ip(frame, from, to, IPPROTO_TCP, tcp, sizeof tcp, 16);
}

static inline void make_udp(struct made_frame *frame, const char *from, const char *to, uint16_t source_port,
                            uint16_t port, const void *payload, size_t size) {
    static uint8_t udp[66000];
    put_u16(udp, source_port);
    put_u16(udp + 2, port);
    put_u16(udp + 4, (uint32_t)(8 + size));
    memcpy(udp + 8, payload, size);
    make_ip(frame, from, to, IPPROTO_UDP, udp, 8 + size, 6);
}

static inline void make_icmp(struct made_frame *frame, const char *from, const char *to, uint8_t type, const void *rest,
                             size_t size) {
    uint8_t icmp[200] = {type};
    bool v6 = strncmp(from, "::ffff:", 7) != 0;
    memcpy(icmp + 4, rest, size);
    make_ip(frame, from, to, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, icmp, 4 + size, 2);
    if (v6 && type >= 133 && type <= 137)
        frame->bytes[14 + 7] = 255;
}

static inline void make_echo(struct made_frame *frame, const char *from, const char *to) {
    make_icmp(frame, from, to, strncmp(from, "::ffff:", 7) ? 128 : 8, "\x12\x34\0\1payload", 11);
}

/* A neighbour solicitation for `target`. */
static inline void make_solicit(struct made_frame *frame, const char *from, const char *target) {
    uint8_t rest[28] = {[20] = 1, 1};
    struct in6_addr asked = address(target);
    memcpy(rest + 4, &asked, 16);
    memcpy(rest + 22, box_mac, 6);
    make_icmp(frame, from, "ff02::1:ff00:2", 135, rest, sizeof rest);
}

static inline void make_arp(struct made_frame *frame, const char *from, const char *target) {
    static const uint8_t start[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
    struct in6_addr source = address(from), asked = address(target);
    memset(frame->bytes, 0xff, 6);
    memcpy(frame->bytes + 6, box_mac, 6);
    memcpy(frame->bytes + 12, start, sizeof start);
    memcpy(frame->bytes + 22, box_mac, 6);
    memcpy(frame->bytes + 28, source.s6_addr + 12, 4);
    memset(frame->bytes + 32, 0, 6);
    memcpy(frame->bytes + 38, asked.s6_addr + 12, 4);
    frame->size = 42;
    frame->v6 = false;
}

#endif
