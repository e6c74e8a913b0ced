/* What somebody would try first who has taken a program over. A program that may make some of these calls allows them
 * ahead of the list. */
#ifndef BOXLITE_COMMON_TREASON_H
#define BOXLITE_COMMON_TREASON_H

#include <sys/syscall.h>

/* fcntl(2): whom the kernel signals, and how. */
enum { SET_OWNER = 8, SET_SIGNAL = 10, SET_OWNER_EX = 15 };

static const int treason[] = {
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kill,
    SYS_tkill,
    SYS_socket,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_socketpair,
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setgroups,
    SYS_capset,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_open_by_handle_at,
    SYS_init_module,
    SYS_finit_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_personality,
#if defined(__x86_64__)
    SYS_fork,
    SYS_vfork,
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
};

#endif
