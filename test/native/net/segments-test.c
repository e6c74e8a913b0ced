/* Segments of TCP that a box is handed as fewer, larger ones. */
#include "net/switch/segments.h"

#include "frames.h"

enum { ROOM = 256 * 1024, MTU = 65520, PAYLOAD = 3960, HEADER = 20 };

struct segment_made {
    bool v6;
    uint16_t port;
    uint32_t seq, ack;
    uint8_t flags;
    uint16_t window;
    size_t options, size;
};

static uint8_t frames[ROOM], sent[ROOM];
static size_t used, sent_size;

static void begin(void) { used = 0; }

static void add_frame(const struct made_frame *frame) {
    put_u32(frames + used, (uint32_t)frame->size);
    memcpy(frames + used + 4, frame->bytes, frame->size);
    used += 4 + frame->size;
}

/* Its payload tells by each byte where in the connection that is. */
static void add(struct segment_made made) {
    static uint8_t tcp[66000];
    static struct made_frame frame;
    memset(tcp, 0, HEADER + made.options);
    put_u16(tcp, made.port);
    put_u16(tcp + 2, 40000);
    put_u32(tcp + 4, made.seq);
    put_u32(tcp + 8, made.ack);
    tcp[12] = (uint8_t)((HEADER + made.options) / 4 << 4);
    tcp[13] = made.flags;
    put_u16(tcp + 14, made.window);
    for (size_t i = 0; i < made.size; i++)
        tcp[HEADER + made.options + i] = (uint8_t)((made.seq + i) * 2654435761U >> 13);
    make_ip(&frame, made.v6 ? "2001:db8::1" : "::ffff:192.0.2.1", made.v6 ? BOX6 : BOX4, IPPROTO_TCP, tcp,
            HEADER + made.options + made.size, 16);
    add_frame(&frame);
}

static const struct segment_made plain = {false, 80, 1000, 7, TCP_ACK, 0xffff, 0, PAYLOAD};

static void add_run(bool v6, size_t count) {
    struct segment_made made = plain;
    made.v6 = v6;
    for (size_t i = 0; i < count; i++, made.seq += PAYLOAD)
        add(made);
}

/* @return how many frames there are, each of them right; 0: one is not */
static size_t joined(size_t mtu, size_t *largest) {
    static struct iovec parts[SEGMENTS_MAX_PARTS];
    size_t count = segments_join(frames, used, mtu, parts), seen = 0;
    sent_size = 0;
    *largest = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(sent + sent_size, parts[i].iov_base, parts[i].iov_len);
        sent_size += parts[i].iov_len;
    }
    for (size_t at = 0; at < sent_size; seen++) {
        struct packet packet;
        size_t size = get_u32(sent + at);
        if (size > sent_size - at - 4 || !sums_are_right(sent + at + 4))
            return 0;
        packet_parse(sent + at + 4, size, &packet);
        if (packet.kind == PACKET_BAD || packet.ip_size + ETHERNET_BYTES > size)
            return 0;
        size_t payload = packet.kind == PACKET_TCP ? packet.transport_size - HEADER : 0;
        *largest = payload > *largest ? payload : *largest;
        at += 4 + size;
    }
    return seen;
}

/* Of the frames in `sent`: whether every byte of a run is there, in order. */
static bool is_whole(uint32_t from, size_t count) {
    uint32_t seq = from;
    for (size_t at = 0; at < sent_size; at += 4 + get_u32(sent + at)) {
        struct packet packet;
        packet_parse(sent + at + 4, get_u32(sent + at), &packet);
        if (get_u32(packet.transport + 4) != seq)
            return false;
        for (size_t i = HEADER; i < packet.transport_size; i++, seq++)
            if (packet.transport[i] != (uint8_t)(seq * 2654435761U >> 13))
                return false;
    }
    return seq == from + count * PAYLOAD;
}

static void joins_runs(bool v6) {
    /* No more than half of a run is one. */
    static const size_t frames_of[] = {0, 1, 2, 3, 2, 3, 2, 3, 2};
    size_t largest;
    for (size_t count = 1; count <= 16; count++) {
        begin();
        add_run(v6, count);
        size_t got = joined(MTU, &largest);
        check("a run goes out whole, in segments with right checksums", got > 0 && is_whole(1000, count));
        check("none of more than half of the run", count < 2 || largest <= count * PAYLOAD / 2);
        check("in as few as that admits", count > 8 || got == frames_of[count]);
    }
    begin();
    add_run(v6, 16);
    check("no segment is larger than the MTU",
          joined(9000, &largest) == 8 && largest == 2 * PAYLOAD && is_whole(1000, 16));
    begin();
    add_run(v6, 16);
    check("where that is small all stay as they are", joined(4000, &largest) == 16 && largest == PAYLOAD);
}

static bool stays(struct segment_made third) {
    size_t largest;
    begin();
    add_run(false, 2);
    add(third);
    struct segment_made fourth = third;
    fourth.seq += (uint32_t)third.size;
    add(fourth);
    return joined(MTU, &largest) == 4;
}

static void leaves_what_does_not_follow(void) {
    static const struct {
        const char *what;
        struct segment_made segment;
    } cases[] = {
        {"a segment of another connection stays as it is", {false, 81, 8920, 7, TCP_ACK, 0xffff, 0, PAYLOAD}},
        {"a segment of another family stays as it is", {true, 80, 8920, 7, TCP_ACK, 0xffff, 0, PAYLOAD}},
        {"a segment behind a gap stays as it is", {false, 80, 8921, 7, TCP_ACK, 0xffff, 0, PAYLOAD}},
        {"a segment sent again stays as it is", {false, 80, 1000, 7, TCP_ACK, 0xffff, 0, PAYLOAD}},
        {"a segment that acknowledges more stays as it is", {false, 80, 8920, 8, TCP_ACK, 0xffff, 0, PAYLOAD}},
        {"a segment with another window stays as it is", {false, 80, 8920, 7, TCP_ACK, 0xfffe, 0, PAYLOAD}},
        {"a segment that ends the connection stays as it is",
         {false, 80, 8920, 7, TCP_ACK | TCP_FIN, 0xffff, 0, PAYLOAD}},
        {"a segment that resets it stays as it is", {false, 80, 8920, 7, TCP_ACK | TCP_RST, 0xffff, 0, PAYLOAD}},
        {"a segment with urgent data stays as it is", {false, 80, 8920, 7, TCP_ACK | 32, 0xffff, 0, PAYLOAD}},
        {"a segment with options stays as it is", {false, 80, 8920, 7, TCP_ACK, 0xffff, 12, PAYLOAD}},
        {"a segment without data stays as it is", {false, 80, 8920, 7, TCP_ACK, 0xffff, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].what, stays(cases[i].segment));
    struct segment_made control = plain;
    control.seq += 2 * PAYLOAD;
    check("all others are joined", !stays(control));

    size_t largest;
    struct segment_made made = plain;
    for (begin(), made.size = 1023; used < 8 * 1100; made.seq += (uint32_t)made.size)
        add(made);
    check("small ones are not worth it", joined(MTU, &largest) > 7 && largest == 1023);
    made = plain;
    for (begin(), made.size = 3961; used < 8 * 4000; made.seq += (uint32_t)made.size)
        add(made);
    check("those of odd sizes keep their places in the checksum", joined(MTU, &largest) > 7 && largest == 3961);
}

static void pushes_and_keeps_its_neighbours(void) {
    static struct made_frame other;
    static const uint8_t datagram[] = {0, 53, 0x9c, 0x40, 0, 12, 0, 0, 'a', 'b', 'c', 'd'};
    size_t largest, pushed = 0;
    struct segment_made last = plain;
    last.seq += 3 * PAYLOAD;
    last.flags |= 8;
    begin();
    make_ip(&other, RESOLVER4, BOX4, IPPROTO_UDP, datagram, sizeof datagram, 6);
    add_frame(&other);
    add_run(false, 3);
    add(last);
    add_frame(&other);
    check("other frames stay before and behind a run", joined(MTU, &largest) == 4 && largest == 2 * PAYLOAD);
    for (size_t at = 0; at < sent_size; at += 4 + get_u32(sent + at))
        pushed += at > 0 && sent[at + 4 + 23] == IPPROTO_TCP && sent[at + 4 + 47] & 8;
    check("what pushed before still does, alone", pushed == 1);

    /* As many segments as there is room for in a turn, and more than one run may have. */
    begin();
    struct segment_made small = plain;
    for (small.size = 1024; used < 64 * 1024; small.seq += 1024)
        add(small);
    check("a turn of small segments is joined, too", joined(MTU, &largest) > 1 && largest <= 32 * 1024);
}

int main(void) {
    joins_runs(false);
    joins_runs(true);
    leaves_what_does_not_follow();
    pushes_and_keeps_its_neighbours();
    return 0;
}
