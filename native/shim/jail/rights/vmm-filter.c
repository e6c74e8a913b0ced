#include "vmm-filter.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "../../../common/seccomp.h"

/* Newer than some C libraries. */
#define MEMFD_SECRET 447
#define PROCESS_MRELEASE 448
#define QUOTACTL_FD 443
#define PROCESS_MADVISE 440
#define PIDFD_GETFD 438
#define MOUNT_SETATTR 442

#define REFUSE(call) REFUSE_CALL(SYS_##call, EPERM)
#define HIDE(call) REFUSE_CALL(SYS_##call, ENOSYS)

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
    HIDE(clone3), /* its flags lie in memory; libraries then fall back to clone */
#if defined(__x86_64__)
    REFUSE(fork),
    REFUSE(vfork),
#endif
    /* Its network is the stream that it has. Libraries ask for netlink, and do without. */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 4),
    LOAD(LOW_HALF(0)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
    ANSWER(EAFNOSUPPORT),
    ALLOW,
    /* It holds no keys, but those of its caller may be within reach of its user. */
    REFUSE(add_key),
    REFUSE(request_key),
    REFUSE(keyctl),
    /* Processes of its user, if that is the caller. */
    REFUSE(ptrace),
    REFUSE(process_vm_readv),
    REFUSE(process_vm_writev),
    REFUSE(kcmp),
    REFUSE(pidfd_send_signal),
    REFUSE_CALL(PIDFD_GETFD, EPERM),
    REFUSE_CALL(PROCESS_MADVISE, EPERM),
    REFUSE_CALL(PROCESS_MRELEASE, EPERM),
    /* What has had most of the kernel's holes, and no VMM needs. Without io_uring QEMU polls. */
    HIDE(io_uring_setup),
    HIDE(io_uring_enter),
    HIDE(io_uring_register),
    HIDE(userfaultfd),
    REFUSE(bpf),
    REFUSE(perf_event_open),
    REFUSE(fanotify_init),
    REFUSE_CALL(MEMFD_SECRET, EPERM),
    /* A namespace of its own would restore rights, and a mount show files. */
    REFUSE(unshare),
    REFUSE(setns),
    REFUSE(mount),
    REFUSE(umount2),
    REFUSE(pivot_root),
    REFUSE(chroot),
    REFUSE(open_tree),
    REFUSE(move_mount),
    REFUSE(fsopen),
    REFUSE(fsconfig),
    REFUSE(fsmount),
    REFUSE(fspick),
    REFUSE_CALL(MOUNT_SETATTR, EPERM),
    REFUSE(open_by_handle_at),
    REFUSE(name_to_handle_at),
    /* The host's, for which nobody but root has the right. */
    REFUSE(init_module),
    REFUSE(finit_module),
    REFUSE(delete_module),
    REFUSE(kexec_load),
    REFUSE(reboot),
    REFUSE(swapon),
    REFUSE(swapoff),
    REFUSE(acct),
    REFUSE(quotactl),
    REFUSE_CALL(QUOTACTL_FD, EPERM),
    REFUSE(syslog),
    REFUSE(sethostname),
    REFUSE(setdomainname),
    REFUSE(settimeofday),
    REFUSE(clock_settime),
    REFUSE(adjtimex),
    REFUSE(clock_adjtime),
#if defined(__x86_64__)
    REFUSE(kexec_file_load),
    REFUSE(iopl),
    REFUSE(ioperm),
    REFUSE(modify_ldt),
    REFUSE(uselib),
#endif
    ALLOW,
};

int vmm_filter(struct jail *jail, struct err *err) {
    (void)jail;
    struct sock_fprog program = {.len = sizeof rules / sizeof *rules, .filter = rules};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
        return err_errno(err, "can't filter the VMM's system calls");
    return 0;
}
