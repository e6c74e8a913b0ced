#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../check.h"
#include "guest/command/seccomp/program.h"
#include "guest/command/seccomp/seccomp.h"
#include "protocol/protocol.h"

static const uint64_t DOCKERS = 0xa80425fb;

/* Interprets the program as the kernel does, for the instructions that it uses. Returns an errno, or 0 if the call is
 * allowed. */
static int answer(const struct seccomp_program *program, struct seccomp_data data) {
    uint32_t value = 0;
    for (uint32_t at = 0; at < program->used; at++) {
        const struct sock_filter *code = &program->code[at];
        switch (code->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            memcpy(&value, (const char *)&data + code->k, sizeof value);
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            at += value == code->k ? code->jt : code->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            at += value >= code->k ? code->jt : code->jf;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            at += value & code->k ? code->jt : code->jf;
            break;
        case BPF_RET | BPF_K:
            return code->k == SECCOMP_RET_ALLOW ? 0 : (int)(code->k & SECCOMP_RET_DATA);
        default:
            return -1;
        }
    }
    return -1;
}

static struct seccomp_program program_of(uint64_t capabilities) {
    struct seccomp_program program;
    struct err err;
    check("a program is made", seccomp_program_make(capabilities, &program, &err) == 0);
    return program;
}

#ifdef __x86_64__
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

static int call(const struct seccomp_program *program, uint32_t architecture, long number, uint64_t argument) {
    return answer(program, (struct seccomp_data){.arch = architecture, .nr = (int)number, .args = {argument}});
}

static bool in(const uint16_t *list, uint32_t number) {
    for (; *list; list++)
        if (*list == number)
            return true;
    return false;
}

/* The rules use names, so this checks the numbers. */
static bool holds(uint32_t architecture, const uint16_t *refused, const uint16_t *missing) {
    struct seccomp_program program = program_of(DOCKERS);
    for (uint32_t number = 0; number < 2048; number++) {
        int expected = in(missing, number) || number > 466 ? ENOSYS : in(refused, number) ? EPERM : 0;
        int found = call(&program, architecture, (long)number, 0);
        if (found != expected)
            fprintf(stderr, "call %u: %d in place of %d\n", number, found, expected);
        if (found != expected)
            return false;
    }
    return true;
}

/* The calls that Docker's default profile denies to a container with default capabilities. */
#ifdef __x86_64__
static void test_every_number(void) {
    static const uint16_t refused[] = {103, 134, 136, 139, 153, 155, 156, 163, 164, 165, 166, 167, 168, 169,
                                       170, 171, 172, 173, 174, 175, 176, 177, 178, 179, 180, 181, 182, 183,
                                       184, 185, 212, 227, 236, 237, 238, 239, 246, 248, 249, 250, 256, 272,
                                       279, 298, 300, 304, 308, 312, 313, 320, 321, 323, 425, 426, 427, 428,
                                       429, 430, 431, 432, 433, 438, 440, 442, 443, 450, 459, 460, 461, 0};
    static const uint16_t refused_i386[] = {21,  22,  25,  51,  52,  62,  74,  79,  86,  87,  88,  101, 103, 110, 111,
                                            113, 115, 121, 127, 128, 129, 130, 131, 134, 135, 137, 149, 166, 167, 169,
                                            188, 189, 217, 253, 264, 273, 274, 275, 276, 283, 286, 287, 288, 294, 310,
                                            317, 336, 338, 342, 346, 349, 350, 357, 374, 404, 425, 426, 427, 428, 429,
                                            430, 431, 432, 433, 438, 440, 442, 443, 450, 459, 460, 461, 0};
    uint16_t missing[512] = {435}, missing_i386[] = {435, 0};
    for (uint16_t number = 336; number < 424; number++)
        missing[number - 335] = number;
    check("each call of x86_64 has Docker's answer", holds(AUDIT_ARCH_X86_64, refused, missing));
    check("each call of i386 has Docker's answer", holds(AUDIT_ARCH_I386, refused_i386, missing_i386));
}

static void test_other_architectures(void) {
    struct seccomp_program all = program_of(~UINT64_C(0));
    check("x32 has no calls", call(&all, AUDIT_ARCH_X86_64, 0x40000000 + 39, 0) == ENOSYS);
    check("nor has any other architecture", call(&all, AUDIT_ARCH_AARCH64, 39, 0) == ENOSYS);
    struct seccomp_program program = program_of(DOCKERS);
    check("a 32-bit program makes no namespace either", call(&program, AUDIT_ARCH_I386, 120, CLONE_NEWUSER) == EPERM &&
                                                            call(&program, AUDIT_ARCH_I386, 120, 17) == 0);
}
#else
static void test_every_number(void) {}
static void test_other_architectures(void) {}
#endif

static void test_arguments(void) {
    struct seccomp_program program = program_of(DOCKERS);
    static const struct {
        const char *fact;
        long number;
        uint64_t argument;
        int expected;
    } cases[] = {
        {"fork", SYS_clone, 17, 0},
        {"a thread", SYS_clone, 0x3d0f00, 0},
        {"no thread in a namespace of users", SYS_clone, CLONE_NEWUSER | 17, EPERM},
        {"nor of processes", SYS_clone, CLONE_NEWPID | 17, EPERM},
        {"nor of mounts", SYS_clone, CLONE_NEWNS, EPERM},
        {"nor when the half that nobody looks at is set", SYS_clone, CLONE_NEWNET | UINT64_C(1) << 32, EPERM},
        {"a socket of the network", SYS_socket, AF_INET6, 0},
        {"a packet socket, which takes a capability anyhow", SYS_socket, AF_PACKET, 0},
        {"none of the kernel's cryptography", SYS_socket, AF_ALG, EPERM},
        {"none to the host", SYS_socket, AF_VSOCK, EPERM},
        {"one of the family between", SYS_socket, AF_NFC, 0},
        {"none by the half that nobody looks at", SYS_socket, AF_ALG | UINT64_C(1) << 32, EPERM},
        {"plain Linux", SYS_personality, 0, 0},
        {"32-bit Linux", SYS_personality, 8, 0},
        {"an old version of either", SYS_personality, 0x20008, 0},
        {"the question what it is", SYS_personality, 0xffffffff, 0},
        {"no memory at known addresses", SYS_personality, 0x40000, EPERM},
        {"no memory that is always executable", SYS_personality, 0x400008, EPERM},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].fact, call(&program, NATIVE, cases[i].number, cases[i].argument) == cases[i].expected);
}

static void test_capabilities(void) {
    static const struct {
        const char *fact;
        int capability;
        long number;
    } cases[] = {
        {"SYS_ADMIN mounts", CAP_SYS_ADMIN, SYS_mount},
        {"SYS_ADMIN makes namespaces", CAP_SYS_ADMIN, SYS_clone3},
        {"SYS_ADMIN reads the kernel's log", CAP_SYS_ADMIN, SYS_syslog},
        {"so does SYSLOG", CAP_SYSLOG, SYS_syslog},
        {"BPF loads programs", CAP_BPF, SYS_bpf},
        {"PERFMON measures", CAP_PERFMON, SYS_perf_event_open},
        {"SYS_TIME sets the clock", CAP_SYS_TIME, SYS_clock_settime},
        {"SYS_MODULE loads modules", CAP_SYS_MODULE, SYS_finit_module},
        {"SYS_PTRACE takes descriptors", CAP_SYS_PTRACE, SYS_pidfd_getfd},
        {"SYS_NICE places memory", CAP_SYS_NICE, SYS_mbind},
        {"SYS_BOOT reboots", CAP_SYS_BOOT, SYS_reboot},
        {"SYS_CHROOT changes the root", CAP_SYS_CHROOT, SYS_chroot},
        {"DAC_READ_SEARCH opens by handle", CAP_DAC_READ_SEARCH, SYS_open_by_handle_at},
    };
    struct seccomp_program without = program_of(0), all = program_of(~UINT64_C(0));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seccomp_program with = program_of(UINT64_C(1) << cases[i].capability);
        check(cases[i].fact, call(&with, NATIVE, cases[i].number, CLONE_NEWUSER) == 0 &&
                                 call(&without, NATIVE, cases[i].number, CLONE_NEWUSER) != 0);
    }
    check("SYS_ADMIN's clone makes namespaces", call(&all, NATIVE, SYS_clone, CLONE_NEWUSER) == 0);
    static const long never[] = {SYS_keyctl,     SYS_add_key,    SYS_io_uring_setup, SYS_userfaultfd,
                                 SYS_kexec_load, SYS_pivot_root, SYS_swapon,         SYS_move_pages};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        check("some calls no capability gives", call(&all, NATIVE, never[i], 0) == EPERM);
}

/* Whether the check succeeds in a child that this machine's kernel confines. */
static bool child_finds(uint32_t flags, bool (*finds)(void)) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct exec_request request = {.flags = flags};
        struct err err;
        _exit(seccomp_confine(&request, DOCKERS, &err) == 0 && finds() ? 0 : 1);
    }
    int status;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static bool refused(void) {
    bool refused = syscall(SYS_io_uring_setup, 0, NULL) < 0 && errno == EPERM;
    refused = refused && syscall(SYS_unshare, 0) < 0 && errno == EPERM;
    refused = refused && syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS;
    refused = refused && syscall(SYS_personality, 0x40000) < 0 && errno == EPERM;
    return refused && prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER && getppid() > 0;
}

static bool renounced(void) { return refused() && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }

static bool only_renounced(void) { return syscall(SYS_unshare, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }

static bool free_as_before(void) { return syscall(SYS_unshare, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0; }

static void test_in_the_kernel(void) {
    check("the kernel takes the filter, and refuses by it", child_finds(BL_EXEC_NO_NEW_PRIVILEGES, renounced));
    check("new privileges go without it as well",
          child_finds(BL_EXEC_NO_NEW_PRIVILEGES | BL_EXEC_UNCONFINED, only_renounced));
    check("without either nothing changes", child_finds(BL_EXEC_UNCONFINED, free_as_before));
    check("who may filter all the same keeps new privileges", geteuid() != 0 || child_finds(0, refused));
}

int main(void) {
    test_every_number();
    test_other_architectures();
    test_arguments();
    test_capabilities();
    test_in_the_kernel();
    return 0;
}
