/* Fields and frame headers of the wire, little-endian. Source of the format: src/agent/protocol.ts. */
#ifndef BOXLITE_COMMON_WIRE_H
#define BOXLITE_COMMON_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads fields from hostile bytes. The first read past the end sets `bad`; from then on every read
 * yields 0 or no bytes, so a decoder may look at `bad` once, at its end. */
struct rd {
    const uint8_t *p;
    size_t left;
    bool bad;
};

uint8_t rd_u8(struct rd *rd);
uint16_t rd_u16(struct rd *rd);
uint32_t rd_u32(struct rd *rd);
uint64_t rd_u64(struct rd *rd);
/* `*p` points into the message: *n bytes, no NUL after them. After a bad read *p is NULL and *n 0. */
void rd_bytes(struct rd *rd, const uint8_t **p, uint32_t *n);

/* Writes fields into the caller's buffer. What does not fit sets `bad` and is left out; `used` then
 * stays at the last field that fitted. */
struct wr {
    uint8_t *p;
    size_t size, used;
    bool bad;
};

void wr_u8(struct wr *wr, uint8_t value);
void wr_u16(struct wr *wr, uint16_t value);
void wr_u32(struct wr *wr, uint32_t value);
void wr_u64(struct wr *wr, uint64_t value);
void wr_bytes(struct wr *wr, const void *bytes, uint32_t n);

struct frame_header {
    uint32_t length; /* of the payload */
    uint32_t session;
    uint8_t type, flags;
};

enum { FRAME_HEADER_BYTES = 12 };

void frame_header_pack(uint8_t to[FRAME_HEADER_BYTES], const struct frame_header *header);
/* -1 when the header breaks the format: a payload above the limit, or reserved bytes that are not zero.
 * The stream is of no use afterwards. */
int frame_header_unpack(const uint8_t from[FRAME_HEADER_BYTES], struct frame_header *header);

#endif
