#include "wire.h"

#include <string.h>

#include "../protocol/protocol.h"

_Static_assert(FRAME_HEADER_BYTES == BL_LIMIT_HEADER_BYTES, "the header's layout is written out below");

static const uint8_t *take(struct rd *rd, size_t n);
static uint64_t read_number(struct rd *rd, size_t width);
static void write_number(struct wr *wr, uint64_t value, size_t width);
static uint64_t get_number(const uint8_t *from, size_t width);
static void put_number(uint8_t *to, uint64_t value, size_t width);

uint8_t rd_u8(struct rd *rd) { return (uint8_t)read_number(rd, 1); }

uint16_t rd_u16(struct rd *rd) { return (uint16_t)read_number(rd, 2); }

uint32_t rd_u32(struct rd *rd) { return (uint32_t)read_number(rd, 4); }

uint64_t rd_u64(struct rd *rd) { return read_number(rd, 8); }

void rd_bytes(struct rd *rd, const uint8_t **p, uint32_t *n) {
    *n = rd_u32(rd);
    *p = take(rd, *n);
    if (!*p)
        *n = 0;
}

void wr_u8(struct wr *wr, uint8_t value) { write_number(wr, value, 1); }

void wr_u16(struct wr *wr, uint16_t value) { write_number(wr, value, 2); }

void wr_u32(struct wr *wr, uint32_t value) { write_number(wr, value, 4); }

void wr_u64(struct wr *wr, uint64_t value) { write_number(wr, value, 8); }

void wr_bytes(struct wr *wr, const void *bytes, uint32_t n) {
    if (wr->bad || wr->size - wr->used < (size_t)n + 4) {
        wr->bad = true;
        return;
    }
    wr_u32(wr, n);
    if (n)
        memcpy(wr->p + wr->used, bytes, n);
    wr->used += n;
}

void frame_header_pack(uint8_t to[FRAME_HEADER_BYTES], const struct frame_header *header) {
    put_number(to, header->length, 4);
    put_number(to + 4, header->session, 4);
    to[8] = header->type;
    to[9] = header->flags;
    put_number(to + 10, 0, 2);
}

int frame_header_unpack(const uint8_t from[FRAME_HEADER_BYTES], struct frame_header *header) {
    header->length = (uint32_t)get_number(from, 4);
    header->session = (uint32_t)get_number(from + 4, 4);
    header->type = from[8];
    header->flags = from[9];
    return header->length > BL_LIMIT_MAX_PAYLOAD || get_number(from + 10, 2) != 0 ? -1 : 0;
}

static const uint8_t *take(struct rd *rd, size_t n) {
    if (rd->bad || rd->left < n) {
        rd->bad = true;
        return NULL;
    }
    const uint8_t *at = rd->p;
    rd->p += n;
    rd->left -= n;
    return at;
}

static uint64_t read_number(struct rd *rd, size_t width) {
    const uint8_t *at = take(rd, width);
    return at ? get_number(at, width) : 0;
}

static void write_number(struct wr *wr, uint64_t value, size_t width) {
    if (wr->bad || wr->size - wr->used < width) {
        wr->bad = true;
        return;
    }
    put_number(wr->p + wr->used, value, width);
    wr->used += width;
}

static uint64_t get_number(const uint8_t *from, size_t width) {
    uint64_t value = 0;
    for (size_t i = width; i-- > 0;)
        value = value << 8 | from[i];
    return value;
}

static void put_number(uint8_t *to, uint64_t value, size_t width) {
    for (size_t i = 0; i < width; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}
