/* Building blocks of seccomp filters (seccomp(2)). */
#ifndef BOXLITE_COMMON_SECCOMP_H
#define BOXLITE_COMMON_SECCOMP_H

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the filter knows the calls of x86_64 and aarch64"
#endif

#define X32_CALLS 0x40000000

#define LOW_HALF(n) (offsetof(struct seccomp_data, args[n])) /* both machines are little-endian */
#define HIGH_HALF(n) (LOW_HALF(n) + sizeof(uint32_t))
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define ANSWER(errno_value) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (errno_value))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
/* Each begins and ends with the number of the call loaded. */
#define REFUSE_CALL(call, value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), ANSWER(value)

/* Begins a filter: the same calls under other numbers are none. */
#define LOAD_ANY_CALL                                                                                   \
    LOAD(offsetof(struct seccomp_data, arch)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0), \
        ANSWER(ENOSYS), LOAD(offsetof(struct seccomp_data, nr))
#if defined(__x86_64__)
#define LOAD_CALL LOAD_ANY_CALL, BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_CALLS, 0, 1), ANSWER(ENOSYS)
#else
#define LOAD_CALL LOAD_ANY_CALL
#endif

#endif
