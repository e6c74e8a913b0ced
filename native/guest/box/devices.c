#include "devices.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "cgroup.h"

enum { CONTEXT = BPF_REG_1, ACCESS = BPF_REG_2, KIND = BPF_REG_3, MAJOR = BPF_REG_4, MINOR = BPF_REG_5 };
enum { TTY_SLAVES = 136, ACCESS_SHIFT = 16, KIND_MASK = 0xffff };

/* A test stands on one line with what it skips. */
/* clang-format off */
#define LOAD(to, field) \
    {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (to), .src_reg = CONTEXT, \
     .off = offsetof(struct bpf_cgroup_dev_ctx, field)}
#define COPY(to, from) {.code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (from)}
#define COMPUTE(operation, to, value) {.code = BPF_ALU | (operation) | BPF_K, .dst_reg = (to), .imm = (value)}
#define SKIP_UNLESS(value, with, count) \
    {.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (value), .imm = (with), .off = (count)}
#define SKIP_IF(value, with, count) \
    {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = (value), .imm = (with), .off = (count)}
#define NOTHING {.code = BPF_JMP | BPF_JA} /* on to the next */
/* Two instructions each. */
#define ALLOW COMPUTE(BPF_MOV, BPF_REG_0, 1), {.code = BPF_JMP | BPF_EXIT}
#define REFUSE COMPUTE(BPF_MOV, BPF_REG_0, 0), {.code = BPF_JMP | BPF_EXIT}
#define ALLOW_DEVICE(major, minor) SKIP_UNLESS(MAJOR, major, 3), SKIP_UNLESS(MINOR, minor, 2), ALLOW

static const struct bpf_insn begin[] = {
    LOAD(ACCESS, access_type),
    LOAD(MAJOR, major),
    LOAD(MINOR, minor),
    COPY(KIND, ACCESS),
    COMPUTE(BPF_AND, KIND, KIND_MASK),
    COMPUTE(BPF_RSH, ACCESS, ACCESS_SHIFT),
    SKIP_UNLESS(ACCESS, BPF_DEVCG_ACC_MKNOD, 2), ALLOW,
};
/* Of every box, after its own rules. */
static const struct bpf_insn end[] = {
    SKIP_IF(KIND, BPF_DEVCG_DEV_CHAR, 2), REFUSE,
    SKIP_UNLESS(MAJOR, TTY_SLAVES, 2), ALLOW,
    ALLOW_DEVICE(1, 3), /* null */
    ALLOW_DEVICE(1, 5), /* zero */
    ALLOW_DEVICE(1, 7), /* full */
    ALLOW_DEVICE(1, 8), /* random */
    ALLOW_DEVICE(1, 9), /* urandom */
    ALLOW_DEVICE(5, 0), /* tty */
    ALLOW_DEVICE(5, 1), /* console */
    ALLOW_DEVICE(5, 2), /* ptmx */
    REFUSE,
};
/* clang-format on */

enum { RULE = 8, MOST = (sizeof begin + sizeof end) / sizeof *begin + RULE * BL_LIMIT_MAX_DEVICES };

struct policy {
    struct bpf_insn instructions[MOST];
    uint32_t count;
};

static void add(struct policy *policy, const struct bpf_insn *instructions, size_t bytes);
static void add_rule(struct policy *policy, const struct device_request *device);
static int put_up(const struct policy *policy, struct err *err);
static int must_exist(const struct device_request *device, struct err *err);

static int bpf(int command, union bpf_attr *attributes) {
    return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

int devices_restrict(struct err *err) {
    static struct policy policy;
    policy.count = 0;
    add(&policy, begin, sizeof begin);
    add(&policy, end, sizeof end);
    return put_up(&policy, err);
}

int devices_allow(const struct bootstrap *message, struct err *err) {
    static struct policy policy;
    if (message->device_count == 0)
        return 0;
    policy.count = 0;
    add(&policy, begin, sizeof begin);
    for (uint32_t i = 0; i < message->device_count; i++) {
        if (must_exist(&message->devices[i], err))
            return -1;
        add_rule(&policy, &message->devices[i]);
    }
    add(&policy, end, sizeof end);
    return put_up(&policy, err);
}

static void add(struct policy *policy, const struct bpf_insn *instructions, size_t bytes) {
    memcpy(policy->instructions + policy->count, instructions, bytes);
    policy->count += (uint32_t)(bytes / sizeof *instructions);
}

/* Each test that fails skips what is left of the rule. */
static void add_rule(struct policy *policy, const struct device_request *device) {
    const struct bpf_insn rule[RULE] = {
        SKIP_UNLESS(KIND, device->kind, 7),
        device->major == BL_ANY_DEVICE ? (struct bpf_insn)NOTHING
                                       : (struct bpf_insn)SKIP_UNLESS(MAJOR, (int32_t)device->major, 6),
        device->minor == BL_ANY_DEVICE ? (struct bpf_insn)NOTHING
                                       : (struct bpf_insn)SKIP_UNLESS(MINOR, (int32_t)device->minor, 5),
        COPY(BPF_REG_0, ACCESS),
        COMPUTE(BPF_AND, BPF_REG_0, (int32_t)~(uint32_t)device->access),
        SKIP_UNLESS(BPF_REG_0, 0, 2),
        ALLOW,
    };
    add(policy, rule, sizeof rule);
}

/* A rule may name devices that do not exist yet. */
static int must_exist(const struct device_request *device, struct err *err) {
    char path[64];
    if (!*device->path)
        return 0;
    snprintf(path, sizeof path, "/sys/dev/%s/%u:%u", device->kind == BL_DEVICE_BLOCK ? "block" : "char", device->major,
             device->minor);
    if (access(path, F_OK))
        return err_set(err, ENODEV,
                       "the kernel of the box has no device for %.100s: run `boxlite setup`, which fetches its "
                       "module, or name a kernel that has it",
                       device->path);
    return 0;
}

/* Replaces the one before. Groups that the box makes below can't override it. It is on the group above the box's,
 * since whoever can open a group's directory, even read-only, may detach its program: Linux asks for no capability
 * (BPF_PROG_DETACH). */
static int put_up(const struct policy *policy, struct err *err) {
    union bpf_attr load = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
        .insns = (uintptr_t)policy->instructions,
        .insn_cnt = policy->count,
        .license = (uintptr_t)"",
    };
    cleanup_fd int outer = cgroup_open_outer(err);
    if (outer < 0)
        return -1;
    cleanup_fd int program = bpf(BPF_PROG_LOAD, &load);
    if (program < 0)
        return err_errno(err, "can't make the box's device policy");
    union bpf_attr attach = {
        .target_fd = (uint32_t)outer,
        .attach_bpf_fd = (uint32_t)program,
        .attach_type = BPF_CGROUP_DEVICE,
    };
    return bpf(BPF_PROG_ATTACH, &attach) ? err_errno(err, "can't attach the box's device policy") : 0;
}

int devices_allow_all(struct err *err) {
    cleanup_fd int outer = cgroup_open_outer(err);
    if (outer < 0)
        return -1;
    union bpf_attr detach = {.target_fd = (uint32_t)outer, .attach_type = BPF_CGROUP_DEVICE};
    return bpf(BPF_PROG_DETACH, &detach) ? err_errno(err, "can't detach the box's device policy") : 0;
}
