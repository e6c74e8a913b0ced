#include "common/wire.h"

#include <string.h>

#include "../guest/check.h"
#include "protocol/protocol.h"
#include "vector.h"

static void reads_the_golden_messages(void) {
    uint8_t bytes[4096];
    const uint8_t *text;
    uint32_t n;
    struct rd rd = {.p = bytes, .left = read_vector("failed", bytes, sizeof bytes)};
    check("failed: errno", rd_u32(&rd) == 2);
    check("failed: stage", rd_u32(&rd) == BL_STAGE_EXEC);
    rd_bytes(&rd, &text, &n);
    check("failed: message", n == 20 && memcmp(text, "exec: \"x\": not found", n) == 0);
    check("failed: nothing follows", !rd.bad && rd.left == 0);

    rd = (struct rd){.p = bytes, .left = read_vector("exited", bytes, sizeof bytes)};
    check("exited: code", rd_u32(&rd) == 137);
    check("exited: signal", rd_u32(&rd) == 9);
    check("exited: flags", rd_u32(&rd) == BL_EXIT_OOM && !rd.bad && rd.left == 0);

    rd = (struct rd){.p = bytes, .left = read_vector("resize", bytes, sizeof bytes)};
    check("resize: rows", rd_u16(&rd) == 24);
    check("resize: cols", rd_u16(&rd) == 65535 && rd.left == 0);

    rd = (struct rd){.p = bytes, .left = read_vector("ready", bytes, sizeof bytes)};
    check("ready: generation", rd_u32(&rd) == BL_GENERATION);
    check("ready: the largest u64", rd_u64(&rd) == UINT64_MAX && rd.left == 0);

    rd = (struct rd){.p = bytes, .left = read_vector("bootstrapped", bytes, sizeof bytes)};
    check("bootstrapped: 1", rd_u64(&rd) == 1);
    check("bootstrapped: 2 s", rd_u64(&rd) == 2000000000);
    check("bootstrapped: byte order", rd_u64(&rd) == 0x0102030405060708 && rd.left == 0);
}

static void writes_what_it_reads(void) {
    uint8_t golden[4096], bytes[4096];
    size_t size = read_vector("refused", golden, sizeof golden);
    struct wr wr = {.p = bytes, .size = sizeof bytes};
    wr_u32(&wr, 16);
    wr_bytes(&wr, "main has been started", 21);
    check("refused is written as it is read", wr.used == size && memcmp(bytes, golden, size) == 0);
}

static void stops_at_the_end(void) {
    const uint8_t bytes[] = {1, 2, 3};
    const uint8_t *text;
    uint32_t n;
    struct rd rd = {.p = bytes, .left = sizeof bytes};
    check("a number that is cut short reads as 0", rd_u32(&rd) == 0 && rd.bad);
    check("nothing is read after that", rd_u8(&rd) == 0);
    const uint8_t lying[] = {255, 255, 255, 255, 'x'};
    rd = (struct rd){.p = lying, .left = sizeof lying};
    rd_bytes(&rd, &text, &n);
    check("a length beyond the message yields no bytes", rd.bad && text == NULL && n == 0);

    uint8_t small[6];
    struct wr wr = {.p = small, .size = sizeof small};
    wr_bytes(&wr, "abc", 3);
    check("bytes that do not fit are left out whole", wr.bad && wr.used == 0);
    wr_u8(&wr, 1);
    check("nothing is written after that", wr.used == 0);
}

static void checks_frame_headers(void) {
    uint8_t bytes[FRAME_HEADER_BYTES];
    struct frame_header in = {.length = BL_LIMIT_MAX_PAYLOAD, .session = 7, .type = 0x45, .flags = 2}, out;
    frame_header_pack(bytes, &in);
    check("a header survives the way", frame_header_unpack(bytes, &out) == 0 && out.length == in.length &&
                                           out.session == 7 && out.type == 0x45 && out.flags == 2);
    in.length++;
    frame_header_pack(bytes, &in);
    check("a payload above the limit is refused", frame_header_unpack(bytes, &out) == -1);
    in.length = 0;
    frame_header_pack(bytes, &in);
    bytes[11] = 1;
    check("reserved bytes are refused", frame_header_unpack(bytes, &out) == -1);
}

int main(void) {
    reads_the_golden_messages();
    writes_what_it_reads();
    stops_at_the_end();
    checks_frame_headers();
    return 0;
}
