#include "vmm-filter.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "../../common/seccomp.h"

static struct sock_filter rules[] = {
    LOAD_CALL,
    /* It would cancel its death with the shim, */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 4),
    LOAD(LOW_HALF(0)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_PDEATHSIG, 0, 1),
    ANSWER(EPERM),
    ALLOW,
    /* and so would a child, which does not inherit it. A thread is none. */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
    LOAD(LOW_HALF(0)),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
    ANSWER(EPERM),
    ALLOW,
    REFUSE_CALL(SYS_clone3, ENOSYS), /* its flags lie in memory; libraries then fall back to clone */
#if defined(__x86_64__)
    REFUSE_CALL(SYS_fork, EPERM),
    REFUSE_CALL(SYS_vfork, EPERM),
#endif
    /* It holds no keys, but those of its caller may be within reach of its user. */
    REFUSE_CALL(SYS_add_key, EPERM),
    REFUSE_CALL(SYS_request_key, EPERM),
    REFUSE_CALL(SYS_keyctl, EPERM),
    ALLOW,
};

int vmm_filter(struct jail *jail, struct err *err) {
    (void)jail;
    struct sock_fprog program = {.len = sizeof rules / sizeof *rules, .filter = rules};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
        return err_errno(err, "can't filter the VMM's system calls");
    return 0;
}
