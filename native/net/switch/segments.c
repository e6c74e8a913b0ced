#include "segments.h"

#include <string.h>

enum {
    LENGTH_BYTES = 4,
    IPV4_BYTES = 20,
    IPV6_BYTES = 40,
    TCP_BYTES = 20,
    TCP_PSH = 8,
    FLAGS_AT = 12, /* with the header's size before them */
    CHECKSUM_AT = 16,
    /* Smaller ones are not worth it; so there are few parts. */
    LEAST_PAYLOAD = 1024,
    MAX_RUN = 64,
};

struct segment {
    uint8_t *frame;
    struct packet packet;
    uint8_t *tcp, *payload;
    size_t payload_size;
};

struct run {
    struct segment segments[MAX_RUN];
    size_t count;
    size_t payload_size; /* of all */
};

static size_t find_run(uint8_t *frames, size_t size, struct run *run);
static bool read_segment(uint8_t *frame, size_t size, struct segment *segment);
static bool follows(const struct segment *before, const struct segment *segment);
static size_t count_joined(const struct run *run, size_t first, size_t most);
static void join(struct segment *first, const struct segment *others, size_t count);
static uint32_t payload_sum(const struct segment *segment);
static uint32_t sum_of(const uint8_t *bytes, size_t size);
static uint16_t folded(uint32_t sum);

size_t segments_join(uint8_t *frames, size_t size, size_t mtu, struct iovec parts[SEGMENTS_MAX_PARTS]) {
    static struct run run;
    struct iovec *part = parts;
    *part = (struct iovec){frames, 0};
    for (size_t at = 0; at < size;) {
        size_t run_size = find_run(frames + at, size - at, &run);
        bool has_room = part + 2 * MAX_RUN < parts + SEGMENTS_MAX_PARTS;
        if (run.count < 2 || !has_room) {
            part->iov_len += run_size;
            at += run_size;
            continue;
        }
        size_t headers = (size_t)(run.segments[0].payload - run.segments[0].packet.ip);
        size_t most = run.payload_size / 2 < mtu - headers ? run.payload_size / 2 : mtu - headers;
        for (size_t i = 0, count; i < run.count; i += count) {
            count = count_joined(&run, i, most);
            join(&run.segments[i], &run.segments[i + 1], count - 1);
            part->iov_len += LENGTH_BYTES + run.segments[i].packet.size;
            for (size_t other = i + 1; other < i + count; other++)
                *++part = (struct iovec){run.segments[other].payload, run.segments[other].payload_size};
            if (count > 1)
                *++part = (struct iovec){run.segments[i + count - 1].payload + run.segments[i + count - 1].payload_size,
                                         0};
        }
        at += run_size;
    }
    return (size_t)(part - parts) + (part->iov_len > 0);
}

/* @return the bytes of the run, or of the one frame that begins none */
static size_t find_run(uint8_t *frames, size_t size, struct run *run) {
    size_t at = 0;
    run->count = run->payload_size = 0;
    while (at < size && run->count < MAX_RUN) {
        struct segment *segment = &run->segments[run->count];
        size_t frame_size = get_u32(frames + at);
        bool is_segment = read_segment(frames + at + LENGTH_BYTES, frame_size, segment);
        if (run->count > 0 && (!is_segment || !follows(segment - 1, segment)))
            break;
        at += LENGTH_BYTES + frame_size;
        if (!is_segment)
            break;
        run->count++;
        run->payload_size += segment->payload_size;
    }
    return at;
}

static bool read_segment(uint8_t *frame, size_t size, struct segment *segment) {
    struct packet *packet = &segment->packet;
    packet_parse(frame, size, packet);
    if (packet->kind != PACKET_TCP || (packet->tcp_flags & ~TCP_PSH) != TCP_ACK ||
        packet->transport[FLAGS_AT] != TCP_BYTES / 4 << 4 || packet->transport_size == TCP_BYTES ||
        packet->ip_size + ETHERNET_BYTES != size)
        return false;
    segment->frame = frame;
    segment->tcp = frame + (packet->transport - frame);
    segment->payload = segment->tcp + TCP_BYTES;
    segment->payload_size = packet->transport_size - TCP_BYTES;
    return true;
}

/* A payload of an odd size would shift the bytes of those behind it in the checksum. */
static bool follows(const struct segment *before, const struct segment *segment) {
    const uint8_t *a = before->tcp, *b = segment->tcp;
    return before->payload_size >= LEAST_PAYLOAD && before->payload_size % 2 == 0 &&
           before->packet.v6 == segment->packet.v6 && memcmp(before->frame, segment->frame, ETHERNET_BYTES) == 0 &&
           same_address(&before->packet.source, &segment->packet.source) &&
           same_address(&before->packet.destination, &segment->packet.destination) && memcmp(a, b, 4) == 0 &&
           get_u32(a + 4) + before->payload_size == get_u32(b + 4) &&
           /* What is acknowledged, and the window. */
           memcmp(a + 8, b + 8, 4) == 0 && memcmp(a + 14, b + 14, 2) == 0;
}

/* @return 1 when the next would be more than is allowed */
static size_t count_joined(const struct run *run, size_t first, size_t most) {
    size_t count = 1, size = run->segments[first].payload_size;
    while (first + count < run->count && size + run->segments[first + count].payload_size <= most)
        size += run->segments[first + count++].payload_size;
    return count;
}

static void join(struct segment *first, const struct segment *others, size_t count) {
    uint8_t *ip = first->frame + ETHERNET_BYTES, *tcp = first->tcp;
    uint32_t sum = (uint16_t)~get_u16(tcp + CHECKSUM_AT), more = 0;
    for (size_t i = 0; i < count; i++) {
        sum = folded(sum + payload_sum(&others[i]));
        more += (uint32_t)others[i].payload_size;
    }
    if (more == 0)
        return;
    /* Who pushed the last pushed them all. */
    sum += (uint16_t)~get_u16(tcp + FLAGS_AT);
    tcp[FLAGS_AT + 1] |= others[count - 1].packet.tcp_flags;
    sum += get_u16(tcp + FLAGS_AT);
    put_u16(tcp + CHECKSUM_AT, (uint16_t)~folded(sum + more));
    if (first->packet.v6) {
        put_u16(ip + 4, get_u16(ip + 4) + more);
    } else {
        put_u16(ip + 2, get_u16(ip + 2) + more);
        put_u16(ip + 10, 0);
        put_u16(ip + 10, (uint16_t)~folded(sum_of(ip, IPV4_BYTES)));
    }
    put_u32(first->frame - LENGTH_BYTES, (uint32_t)first->packet.size + more);
}

/* As its own checksum has it: all but what else that covers. */
static uint32_t payload_sum(const struct segment *segment) {
    const uint8_t *ip = segment->packet.ip, *tcp = segment->tcp;
    uint32_t others = IPPROTO_TCP + (uint32_t)segment->packet.transport_size;
    others += segment->packet.v6 ? sum_of(ip + 8, 32) : sum_of(ip + 12, 8);
    others += sum_of(tcp, CHECKSUM_AT) + sum_of(tcp + CHECKSUM_AT + 2, TCP_BYTES - CHECKSUM_AT - 2);
    return (uint32_t)(uint16_t)~get_u16(tcp + CHECKSUM_AT) + (uint16_t)~folded(others);
}

static uint32_t sum_of(const uint8_t *bytes, size_t size) {
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i += 2)
        sum += get_u16(bytes + i);
    return sum;
}

static uint16_t folded(uint32_t sum) {
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}
