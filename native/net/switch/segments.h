/* Segments of TCP that follow each other in one turn go to the box as fewer, larger ones: what a packet costs a guest
 * hardly depends on its size. libslirp's own stay small, because that tells when it waits for a larger window (see
 * nat/segment-size.h).
 *
 * No joined segment has more than half of its run, so none has more than half of the window that the box announced.
 * That keeps both from waiting for each other: a Linux box that has read everything and announces no more has more than
 * a quarter of its buffer open still, and so libslirp sends. */
#ifndef BOXLITE_NET_SWITCH_SEGMENTS_H
#define BOXLITE_NET_SWITCH_SEGMENTS_H

#include <sys/uio.h>

#include "../packet/packet.h"

enum { SEGMENTS_MAX_PARTS = 192 };

/* Frames, each behind its length of four bytes, are changed where they lie.
 * @param mtu the largest packet that a joined segment may be
 * @return how many parts there are to send */
size_t segments_join(uint8_t *frames, size_t size, size_t mtu, struct iovec parts[SEGMENTS_MAX_PARTS]);

#endif
