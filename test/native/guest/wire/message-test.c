#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../check.h"
#include "common/wire.h"
#include "guest/wire/message.h"
#include "protocol/protocol.h"

static uint8_t bytes[4096];
static struct wr wr;
static struct err err;

static void text(const char *string) { wr_bytes(&wr, string, (uint32_t)strlen(string)); }

static void begin(void) { wr = (struct wr){.p = bytes, .size = sizeof bytes}; }

static uint32_t sysctls = 1;

static void write_network(uint8_t prefix, uint8_t prefix6) {
    wr_u32(&wr, 0x0a00020f);
    wr_u8(&wr, prefix);
    wr_u32(&wr, 0x0a000202);
    wr_bytes(&wr, "\xfd\x62\x6f\x78\x6c\x74\0\0\0\0\0\0\0\0\0\x15", 16);
    wr_u8(&wr, prefix6);
    wr_bytes(&wr, "\xfd\x62\x6f\x78\x6c\x74\0\0\0\0\0\0\0\0\0\x02", 16);
    wr_u32(&wr, 65520);
}

static bool is_network(const struct network *network) {
    return network->address == 0x0a00020f && network->prefix == 24 && network->gateway == 0x0a000202 &&
           network->address6.s6_addr[15] == 0x15 && network->prefix6 == 64 && network->gateway6.s6_addr[0] == 0xfd &&
           network->gateway6.s6_addr[15] == 2 && network->mtu == 65520;
}

static void write_address(uint8_t prefix, uint8_t prefix6) {
    wr_u32(&wr, 0xac130005);
    wr_u8(&wr, prefix);
    wr_bytes(&wr, "\xfd\1\0\0\0\0\0\0\0\0\0\0\0\0\0\5", 16);
    wr_u8(&wr, prefix6);
}

static bool is_address(const struct net_address *address) {
    return address->address == 0xac130005 && address->prefix == 16 && address->address6.s6_addr[15] == 5 &&
           address->prefix6 == 64;
}

static uint32_t addresses = 1;

static void write_bootstrap(uint32_t generation, const char *hostname, uint32_t mounts) {
    begin();
    wr_u32(&wr, generation);
    wr_u64(&wr, 1234567890123456789);
    wr_bytes(&wr, "0123456789abcdef0123456789abcdef", 32);
    wr_u32(&wr, BL_BOX_NETWORK);
    text(hostname);
    text("example.org");
    wr_bytes(&wr, "fedcba9876543210fedcba9876543210", 32);
    write_network(24, 64);
    wr_u32(&wr, addresses);
    write_address(16, 64);
    wr_bytes(&wr, "\x02\x42\xac\x11\0\x02", 6);
    text("nameserver 10.0.2.3\n");
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
        text("sub");
        wr_u8(&wr, 1);
        wr_u32(&wr, 3);
    }
    wr_u32(&wr, sysctls);
    text("net/ipv4/ip_forward");
    text("1");
    wr_u32(&wr, 1);
    text("cpu.max");
    text("150000 100000");
    wr_u32(&wr, 1);
    text("/dev/fuse");
    wr_u8(&wr, BL_DEVICE_CHARACTER);
    wr_u8(&wr, BL_DEVICE_ACCESS_READ);
    wr_u32(&wr, 10);
    wr_u32(&wr, BL_ANY_DEVICE);
    wr_u32(&wr, 0666);
}

static uint16_t oom_score = 700;
static uint32_t groups = 1;

static void write_exec(const char *argument, uint32_t count, uint32_t limits) {
    begin();
    wr_u32(&wr, BL_EXEC_TTY);
    wr_u16(&wr, 24);
    wr_u16(&wr, 80);
    wr_u32(&wr, 1000);
    wr_u64(&wr, 0xa80425fb);
    wr_u16(&wr, oom_score);
    text("alice");
    wr_u32(&wr, groups);
    text("audio");
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

static void write_prepare(uint32_t generation, uint8_t prefix, uint8_t prefix6) {
    begin();
    wr_u32(&wr, generation);
    write_network(prefix, prefix6);
}

static void test_prepare(void) {
    struct network network;
    write_prepare(BL_GENERATION, 24, 64);
    check("prepare is decoded whole", prepare_decode(bytes, wr.used, &network, &err) == 0 && is_network(&network));
    bool refused = true;
    for (size_t size = 0; size < wr.used; size++)
        refused = refused && prepare_decode(bytes, size, &network, &err) == -1;
    check("prepare cut short anywhere is refused", refused);
    check("prepare with bytes left over is refused", prepare_decode(bytes, wr.used + 1, &network, &err) == -1);
    write_prepare(BL_GENERATION, 33, 64);
    check("a prefix longer than an address is refused", prepare_decode(bytes, wr.used, &network, &err) == -1);
    write_prepare(BL_GENERATION, 24, 129);
    check("so is one of IPv6", prepare_decode(bytes, wr.used, &network, &err) == -1);
    write_prepare(BL_GENERATION + 1, 24, 64);
    check("prepare of another generation is refused with both numbers",
          prepare_decode(bytes, wr.used, &network, &err) == -1 && names_both_generations());
}

static void test_bootstrap(void) {
    write_bootstrap(BL_GENERATION, "box", 2);
    check("bootstrap is decoded whole",
          decode_bootstrap(wr.used) == 0 && bootstrap_message.wall_ns == 1234567890123456789 &&
              strcmp(bootstrap_message.hostname, "box") == 0 &&
              strcmp(bootstrap_message.machine_id, "fedcba9876543210fedcba9876543210") == 0 &&
              is_network(&bootstrap_message.network) && strcmp(bootstrap_message.hosts, "1.2.3.4 x\n") == 0 &&
              bootstrap_message.pids_max == 7 && bootstrap_message.mount_count == 2 &&
              strcmp(bootstrap_message.mounts[1].target, "/tmp") == 0 &&
              strcmp(bootstrap_message.mounts[1].options, "size=1m") == 0 &&
              strcmp(bootstrap_message.mounts[1].subpath, "sub") == 0 && bootstrap_message.mounts[1].copy_up &&
              bootstrap_message.mounts[1].notify == 3);
    check("bootstrap's further addresses are decoded",
          bootstrap_message.address_count == 1 && is_address(bootstrap_message.addresses));
    const struct device_request *device = bootstrap_message.devices;
    check("bootstrap's names, settings and devices are decoded",
          strcmp(bootstrap_message.domainname, "example.org") == 0 && bootstrap_message.has_mac &&
              bootstrap_message.mac[5] == 2 && strcmp(bootstrap_message.resolv_conf, "nameserver 10.0.2.3\n") == 0 &&
              bootstrap_message.sysctl_count == 1 &&
              strcmp(bootstrap_message.sysctls[0].name, "net/ipv4/ip_forward") == 0 &&
              strcmp(bootstrap_message.limits[0].value, "150000 100000") == 0 && bootstrap_message.device_count == 1 &&
              strcmp(device->path, "/dev/fuse") == 0 && device->major == 10 && device->minor == BL_ANY_DEVICE &&
              device->access == BL_DEVICE_ACCESS_READ && device->mode == 0666);
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
    addresses = 0xffffffff;
    write_bootstrap(BL_GENERATION, "box", 0);
    check("a count of four billion addresses is refused", decode_bootstrap(wr.used) == -1 && err.code == E2BIG);
    addresses = 1;
    sysctls = 0xffffffff;
    write_bootstrap(BL_GENERATION, "box", 0);
    check("a count of four billion sysctls is refused", decode_bootstrap(wr.used) == -1 && err.code == E2BIG);
    sysctls = 1;
}

static void test_net_address(void) {
    struct net_address address;
    bool add = false;
    begin();
    wr_u8(&wr, 1);
    write_address(16, 64);
    check("an address is decoded whole",
          net_address_decode(bytes, wr.used, &add, &address, &err) == 0 && add && is_address(&address));
    bool refused = net_address_decode(bytes, wr.used + 1, &add, &address, &err) == -1;
    for (size_t size = 0; size < wr.used; size++)
        refused = refused && net_address_decode(bytes, size, &add, &address, &err) == -1;
    check("one that is cut short anywhere, or is followed by more, is refused", refused);
    begin();
    wr_u8(&wr, 0);
    write_address(33, 64);
    check("so is one whose prefix is longer than itself",
          net_address_decode(bytes, wr.used, &add, &address, &err) == -1);
}

static void test_exec(void) {
    write_exec("hi", 2, 1);
    check("exec is decoded whole",
          decode_exec(wr.used) == 0 && exec_message.arg_count == 2 && strcmp(exec_message.argv[1], "hi") == 0 &&
              !exec_message.argv[2] && strcmp(exec_message.env[0], "A=b") == 0 && !exec_message.env[1] &&
              strcmp(exec_message.user, "alice") == 0 && strcmp(exec_message.cwd, "/work") == 0 &&
              exec_message.rlimits[0].hard == 20 && exec_message.cols == 80 && exec_message.oom_score_adj == -300 &&
              exec_message.group_count == 1 && strcmp(exec_message.groups[0], "audio") == 0);
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
    groups = 0xffffffff;
    write_exec("hi", 2, 1);
    check("more groups than the agent takes are refused", decode_exec(wr.used) == -1 && err.code == E2BIG);
    groups = 1;
    oom_score = 2001;
    write_exec("hi", 2, 1);
    check("an adjustment that Linux does not know is refused", decode_exec(wr.used) == -1 && err.code == EPROTO);
    oom_score = 700;
    write_exec("hi", 2, 1);
    *(uint8_t *)memchr(bytes + 40, 'h', wr.used - 40) = 0;
    check("a NUL inside an argument is refused", decode_exec(wr.used) == -1 && err.code == EPROTO);
}

int main(void) {
    test_prepare();
    test_bootstrap();
    test_net_address();
    test_exec();
    return 0;
}
