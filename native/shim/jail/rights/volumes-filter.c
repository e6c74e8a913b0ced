#include "volumes-filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../../../common/seccomp.h"

/* Newer than some C libraries. */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#define FCHMODAT2 452

enum { SET_ID = S_ISUID | S_ISGID, MAKES_FILE = O_CREAT | (O_TMPFILE & ~O_DIRECTORY) };

#define REFUSE_MODE(call, mode)                                            \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4), LOAD(LOW_HALF(mode)), \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SET_ID, 0, 1), ANSWER(EPERM), ALLOW
/* The mode counts only where a file may be made; what else is in the register means nothing. */
#define REFUSE_MAKING(call, flags, mode)                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 6), LOAD(LOW_HALF(flags)),           \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAKES_FILE, 0, 3), LOAD(LOW_HALF(mode)), \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SET_ID, 0, 1), ANSWER(EPERM), ALLOW

/* mkdir needs no rule: the kernel takes neither bit from its mode. */
static struct sock_filter rules[] = {
    LOAD_CALL,
#if defined(__x86_64__)
    REFUSE_MODE(SYS_chmod, 1),
    REFUSE_MODE(SYS_creat, 1),
    REFUSE_MODE(SYS_mknod, 1),
    REFUSE_MAKING(SYS_open, 1, 2),
#endif
    REFUSE_MODE(SYS_fchmod, 1),
    REFUSE_MODE(SYS_fchmodat, 2),
    REFUSE_MODE(FCHMODAT2, 2),
    REFUSE_MODE(SYS_mknodat, 2),
    REFUSE_MAKING(SYS_openat, 2, 3),
    /* Its mode lies in memory, which no filter can read. QEMU does not need it. */
    REFUSE_CALL(SYS_openat2, ENOSYS),
    ALLOW,
};

int volumes_filter(struct jail *jail, struct err *err) {
    if (!jail->config->share_count)
        return 0;
    struct sock_fprog program = {.len = sizeof rules / sizeof *rules, .filter = rules};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
        return err_errno(err, "can't filter the VMM's system calls");
    return 0;
}
