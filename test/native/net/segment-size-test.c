/* What a box hears about how much it may send at once. */
#include "net/nat/segment-size.h"

#include "frames.h"

static struct made_frame frame;

/* A segment from outside with these options, of 4 bytes each. */
static const void *raised(bool v6, uint8_t flags, const void *options, size_t size) {
    uint8_t tcp[60] = {0, 80, 0x80, 1, [12] = (uint8_t)((20 + size) / 4 << 4), flags, 0xff, 0xff};
    memcpy(tcp + 20, options, size);
    make_ip(&frame, v6 ? "2001:db8::1" : "::ffff:192.0.2.1", v6 ? BOX6 : BOX4, IPPROTO_TCP, tcp, 20 + size, 16);
    return segment_size_raise(frame.bytes, frame.size, 65520);
}

static bool stays(uint8_t flags, const void *options, size_t size) {
    return raised(false, flags, options, size) == frame.bytes;
}

int main(void) {
    static const uint8_t small[] = {2, 4, 0x0f, 0x78}, other[] = {3, 3, 7, 1}, two[] = {2, 4, 0x0f, 0x78, 3, 3, 7, 1};
    for (int v6 = 0; v6 < 2; v6++) {
        size_t at = v6 ? 76 : 56;
        const uint8_t *passed = raised(v6, TCP_SYN | TCP_ACK, small, sizeof small);
        check("a box may send what its MTU holds", get_u16(passed + at) == (v6 ? 65460 : 65480));
        check("the checksum is right again", sums_are_right(passed));
        check("the given frame is as it was", get_u16(frame.bytes + at) == 0x0f78 && sums_are_right(frame.bytes));
        passed = raised(v6, TCP_SYN, small, sizeof small);
        check("also where it is the one that is called", get_u16(passed + at) == (v6 ? 65460 : 65480));
    }
    check("other segments pass as they are", stays(TCP_ACK, small, sizeof small));
    check("so do other options", stays(TCP_SYN, other, sizeof other) && stays(TCP_SYN, two, sizeof two));
    check("and a segment without any", stays(TCP_SYN, "", 0));
    make_arp(&frame, BOX4, GATEWAY4);
    check("and what is no TCP", segment_size_raise(frame.bytes, frame.size, 65520) == frame.bytes);
    return 0;
}
