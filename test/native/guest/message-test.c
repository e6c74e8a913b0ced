#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "common/wire.h"
#include "guest/message.h"
#include "protocol/protocol.h"

static uint8_t bytes[4096];
static struct wr wr;
static struct err err;

static void text(const char *string) { wr_bytes(&wr, string, (uint32_t)strlen(string)); }

static void begin(void) { wr = (struct wr){.p = bytes, .size = sizeof bytes}; }

static void write_bootstrap(uint32_t generation, const char *hostname, uint32_t mounts) {
    begin();
    wr_u32(&wr, generation);
    wr_u64(&wr, 1234567890123456789);
    wr_bytes(&wr, "0123456789abcdef0123456789abcdef", 32);
    wr_u32(&wr, BL_BOX_NETWORK);
    text(hostname);
    wr_bytes(&wr, "fedcba9876543210fedcba9876543210", 32);
    wr_u32(&wr, 0x0a00020f);
    wr_u8(&wr, 24);
    wr_u32(&wr, 0x0a000202);
    wr_u32(&wr, 0x0a000203);
    text("1.2.3.4 x\n");
    wr_u64(&wr, 1 << 26);
    wr_u32(&wr, 7);
    wr_u32(&wr, mounts);
    for (uint32_t i = 0; i < mounts && i < 2; i++) {
        wr_u8(&wr, BL_MOUNT_TMPFS);
        text("");
        text("/tmp");
        wr_u32(&wr, 6);
        text("size=1m");
    }
}

static void write_exec(const char *argument, uint32_t count, uint32_t limits) {
    begin();
    wr_u32(&wr, BL_EXEC_TTY);
    wr_u16(&wr, 24);
    wr_u16(&wr, 80);
    wr_u32(&wr, 1000);
    wr_u64(&wr, 0xa80425fb);
    text("alice");
    text("/work");
    wr_u32(&wr, count);
    text("echo");
    text(argument);
    wr_u32(&wr, 1);
    text("A=b");
    wr_u32(&wr, limits);
    wr_u32(&wr, 7);
    wr_u64(&wr, 10);
    wr_u64(&wr, 20);
}

static struct bootstrap bootstrap_message;
static struct exec_request exec_message;

static int decode_bootstrap(size_t size) {
    int result = bootstrap_decode(bytes, size, &bootstrap_message, &err);
    if (result)
        bootstrap_free(&bootstrap_message);
    return result;
}

static int decode_exec(size_t size) {
    int result = exec_request_decode(bytes, size, &exec_message, &err);
    if (result)
        exec_request_free(&exec_message);
    return result;
}

static bool names_both_generations(void) {
    char theirs[32], ours[32];
    snprintf(theirs, sizeof theirs, "generation %u", BL_GENERATION + 1);
    snprintf(ours, sizeof ours, "agent %u", (unsigned)BL_GENERATION);
    return strstr(err.msg, theirs) && strstr(err.msg, ours);
}

static void write_prepare(uint32_t generation, uint8_t prefix) {
    begin();
    wr_u32(&wr, generation);
    wr_u32(&wr, 0x0a00020f);
    wr_u8(&wr, prefix);
    wr_u32(&wr, 0x0a000202);
}

static void test_prepare(void) {
    struct network network;
    write_prepare(BL_GENERATION, 24);
    check("prepare is decoded whole", prepare_decode(bytes, wr.used, &network, &err) == 0 &&
                                          network.address == 0x0a00020f && network.prefix == 24 &&
                                          network.gateway == 0x0a000202);
    bool refused = true;
    for (size_t size = 0; size < wr.used; size++)
        refused = refused && prepare_decode(bytes, size, &network, &err) == -1;
    check("prepare cut short anywhere is refused", refused);
    check("prepare with bytes left over is refused", prepare_decode(bytes, wr.used + 1, &network, &err) == -1);
    write_prepare(BL_GENERATION, 33);
    check("a prefix longer than an address is refused", prepare_decode(bytes, wr.used, &network, &err) == -1);
    write_prepare(BL_GENERATION + 1, 24);
    check("prepare of another generation is refused with both numbers",
          prepare_decode(bytes, wr.used, &network, &err) == -1 && names_both_generations());
}

static void test_bootstrap(void) {
    write_bootstrap(BL_GENERATION, "box", 2);
    check("bootstrap is decoded whole",
          decode_bootstrap(wr.used) == 0 && bootstrap_message.wall_ns == 1234567890123456789 &&
              strcmp(bootstrap_message.hostname, "box") == 0 &&
              strcmp(bootstrap_message.machine_id, "fedcba9876543210fedcba9876543210") == 0 &&
              bootstrap_message.network.address == 0x0a00020f && bootstrap_message.network.prefix == 24 &&
              strcmp(bootstrap_message.hosts, "1.2.3.4 x\n") == 0 && bootstrap_message.pids_max == 7 &&
              bootstrap_message.mount_count == 2 && strcmp(bootstrap_message.mounts[1].target, "/tmp") == 0 &&
              strcmp(bootstrap_message.mounts[1].options, "size=1m") == 0);
    bootstrap_free(&bootstrap_message);
    size_t whole = wr.used;
    bool refused = true;
    for (size_t size = 0; size < whole; size++)
        refused = refused && decode_bootstrap(size) == -1;
    check("bootstrap cut short anywhere is refused", refused);
    check("bootstrap with bytes left over is refused", decode_bootstrap(whole + 1) == -1);
    write_bootstrap(BL_GENERATION + 1, "box", 0);
    check("another generation is refused with both numbers",
          decode_bootstrap(wr.used) == -1 && names_both_generations());
    write_bootstrap(BL_GENERATION, "0123456789012345678901234567890123456789012345678901234567890123x", 0);
    check("a hostname longer than Linux takes is refused", decode_bootstrap(wr.used) == -1);
    write_bootstrap(BL_GENERATION, "box", 0xffffffff);
    check("a count of four billion mounts is refused", decode_bootstrap(wr.used) == -1 && err.code == E2BIG);
}

static void test_exec(void) {
    write_exec("hi", 2, 1);
    check("exec is decoded whole",
          decode_exec(wr.used) == 0 && exec_message.arg_count == 2 && strcmp(exec_message.argv[1], "hi") == 0 &&
              !exec_message.argv[2] && strcmp(exec_message.env[0], "A=b") == 0 && !exec_message.env[1] &&
              strcmp(exec_message.user, "alice") == 0 && strcmp(exec_message.cwd, "/work") == 0 &&
              exec_message.rlimits[0].hard == 20 && exec_message.cols == 80);
    exec_message.env[exec_message.env_count] = "HOME=/";
    exec_message.env[exec_message.env_count + 1] = NULL;
    check("the environment has room for one more", strcmp(exec_message.env[1], "HOME=/") == 0);
    exec_request_free(&exec_message);
    size_t whole = wr.used;
    bool refused = true;
    for (size_t size = 0; size < whole; size++)
        refused = refused && decode_exec(size) == -1;
    check("exec cut short anywhere is refused", refused);
    write_exec("hi", 0xffffffff, 1);
    check("a count of four billion arguments is refused", decode_exec(wr.used) == -1 && err.code == E2BIG);
    write_exec("hi", 65536, 1);
    check("a count that the bytes can't hold is refused", decode_exec(wr.used) == -1);
    write_exec("hi", 2, 1000);
    check("more limits than Linux has are refused", decode_exec(wr.used) == -1 && err.code == E2BIG);
    write_exec("hi", 2, 1);
    *(uint8_t *)memchr(bytes + 40, 'h', wr.used - 40) = 0;
    check("a NUL inside an argument is refused", decode_exec(wr.used) == -1 && err.code == EPROTO);
}

int main(void) {
    test_prepare();
    test_bootstrap();
    test_exec();
    return 0;
}
