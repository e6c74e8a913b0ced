/* A segment of TCP that leaves a gap before it is kept by libslirp until the gap is filled: each in memory for the
 * largest frame, and as many as the window has bytes. A box that sends nothing else would have all memory there is. */
#ifndef BOXLITE_NET_NAT_GAPS_H
#define BOXLITE_NET_NAT_GAPS_H

#include "../packet/packet.h"

enum {
    /* libslirp's two buffers of 128 KiB, and packets that wait with it: measured while all are being made. */
    NAT_CONNECTION_BYTES = 440 * 1024,
    GAPS_RESET_BYTES = 128,
};

struct gaps {
    const struct packet *packet; /* a segment of the box's that is under way */
    bool kept;
    uint32_t unmeasured; /* segments that were kept since memory was measured */
};

/* Around the segment's way to the NAT, with what the NAT answers meanwhile in between. */
void gaps_begin(struct gaps *gaps, const struct packet *packet);
void gaps_answered(struct gaps *gaps, const struct packet *answer);
/* @returns whether more is kept than so many connections may have: this one has to end */
bool gaps_end(struct gaps *gaps, uint32_t connections);
/* Writes the frame by which the box would end the connection of its segment, and returns its size. */
size_t gaps_reset(const struct packet *packet, uint8_t frame[GAPS_RESET_BYTES]);

#endif
