/* How large the segments of TCP are. libslirp scales no windows, so at most 64 KiB are under way to a box. It sends a
 * full segment, half of the largest window that it has seen, or all there is. A Linux box that has read everything
 * announces more only if that doubles its window, and in whole segments. With a first segment of 32,768 bytes both
 * wait: the other 32,712 of the window are too few to send, and one segment more is too little to announce. libslirp's
 * timer then sends them after 5 seconds, to begin anew. Segments that are small beside the window leave no such gap,
 * and with 3,960 bytes that is so also for programs whose buffers are small. The switch joins them on their way
 * (switch/segments.h).
 *
 * libslirp knows one size for both directions. What a box sends is best as large as it can be. */
#ifndef BOXLITE_NET_NAT_SEGMENT_SIZE_H
#define BOXLITE_NET_NAT_SEGMENT_SIZE_H

#include "../packet/packet.h"

/* The most that a packet of TCP for a box has, without its Ethernet header. */
enum { SEGMENT_PACKET_BYTES = 4000 };

/* Lets a box send segments as large as its MTU, whatever libslirp's first one of a connection says.
 * @return the frame to pass on, of the same size: the given one, or a copy that is valid until the next call */
const void *segment_size_raise(const void *frame, size_t size, uint32_t mtu);

#endif
