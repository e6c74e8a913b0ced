/* Tries the system calls that a box's filter refuses. It runs in the box and is linked statically. It prints a line for
 * each call: its name, and "ok" or the name of its errno. Where possible, the kernel would grant the call to any
 * process, or refuse its arguments with an errno other than EPERM. No call does harm if the filter allows it.
 *
 *     refused-calls        all calls
 *     refused-calls user   the effective user
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOWHERE 1 /* an address */
#define NO_FILE (-1)

static const struct call {
    const char *name;
    long number, args[5];
} calls[] = {
    {"unshare-user", SYS_unshare, {CLONE_NEWUSER}},
    {"unshare-nothing", SYS_unshare, {0}},
    {"clone-user", SYS_clone, {CLONE_NEWUSER | SIGCHLD}},
    {"clone-net", SYS_clone, {CLONE_NEWNET | SIGCHLD}},
    {"clone-plain", SYS_clone, {SIGCHLD}},
    {"clone3", SYS_clone3, {NOWHERE, 0}},
    {"setns", SYS_setns, {NO_FILE, 0}},
    {"mount", SYS_mount, {NOWHERE, NOWHERE, NOWHERE, 0, 0}},
    {"umount2", SYS_umount2, {NOWHERE, 0}},
    {"open_tree", 428, {NO_FILE, NOWHERE, 0}},
    {"move_mount", 429, {NO_FILE, NOWHERE, NO_FILE, NOWHERE, 0}},
    {"fsopen", 430, {NOWHERE, 0}},
    {"fsconfig", 431, {NO_FILE, 0, 0, 0, 0}},
    {"fsmount", 432, {NO_FILE, 0, 0}},
    {"fspick", 433, {NO_FILE, NOWHERE, 0}},
    {"mount_setattr", 442, {NO_FILE, NOWHERE, 0, 0, 0}},
    {"pivot_root", SYS_pivot_root, {NOWHERE, NOWHERE}},
    {"chroot", SYS_chroot, {NOWHERE}},
    {"name_to_handle_at", SYS_name_to_handle_at, {NO_FILE, NOWHERE, NOWHERE, NOWHERE, 0}},
    {"open_by_handle_at", SYS_open_by_handle_at, {NO_FILE, NOWHERE, 0}},
    {"quotactl", SYS_quotactl, {0, 0, 0, 0}},
    {"swapon", SYS_swapon, {NOWHERE, 0}},
    {"swapoff", SYS_swapoff, {NOWHERE}},
    {"add_key", SYS_add_key, {NOWHERE, NOWHERE, 0, 0, 0}},
    {"request_key", SYS_request_key, {NOWHERE, NOWHERE, 0, 0}},
    {"keyctl", SYS_keyctl, {0, -3, 0}},
    {"settimeofday", SYS_settimeofday, {0, 0}},
    {"clock_settime", SYS_clock_settime, {0, NOWHERE}},
    {"syslog", SYS_syslog, {10, 0, 0}},
    {"acct", SYS_acct, {NOWHERE}},
    {"reboot", SYS_reboot, {0, 0, 0, 0}},
    {"kexec_load", SYS_kexec_load, {0, 1 << 20, 0, 0}},
    {"init_module", SYS_init_module, {0, 0, NOWHERE}},
    {"finit_module", SYS_finit_module, {NO_FILE, NOWHERE, 0}},
    {"delete_module", SYS_delete_module, {NOWHERE, 0}},
    {"sethostname", SYS_sethostname, {NOWHERE, 1}},
    {"lookup_dcookie", SYS_lookup_dcookie, {0, NOWHERE, 0}},
    {"bpf", SYS_bpf, {0, NOWHERE, 0}},
    {"perf_event_open", SYS_perf_event_open, {NOWHERE, 0, 0, 0, 0}},
    {"userfaultfd", SYS_userfaultfd, {-1}},
    {"io_uring_setup", SYS_io_uring_setup, {1, NOWHERE}},
    {"io_uring_enter", SYS_io_uring_enter, {NO_FILE, 0, 0, 0, 0}},
    {"io_uring_register", SYS_io_uring_register, {NO_FILE, 0, 0, 0}},
    {"socket-inet", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
    {"socket-vsock", SYS_socket, {AF_VSOCK, -1, 0}},
    {"socket-alg", SYS_socket, {AF_ALG, -1, 0}},
    {"ptrace", SYS_ptrace, {0, 0, 0, 0}},
    {"process_vm_readv", SYS_process_vm_readv, {0, 0, 0, 0, 0}},
    {"kcmp", SYS_kcmp, {0, 0, 0, 0, 0}},
    {"pidfd_getfd", 438, {NO_FILE, 0, 0}},
    {"process_madvise", 440, {NO_FILE, 0, 0, 0, 0}},
    {"personality-plain", SYS_personality, {PER_LINUX}},
    {"personality-known-addresses", SYS_personality, {ADDR_NO_RANDOMIZE}},
    {"get_mempolicy", SYS_get_mempolicy, {0, 0, 0, 0, 0}},
    {"set_mempolicy", SYS_set_mempolicy, {0, 0, 0}},
    {"move_pages", SYS_move_pages, {0, 0, 0, 0, 0}},
    {"unknown", 500, {0}},
#ifdef __x86_64__
    {"iopl", SYS_iopl, {0}},
    {"ioperm", SYS_ioperm, {0, 0, 0}},
    {"modify_ldt", SYS_modify_ldt, {0, 0, 0}},
    {"x32-getpid", 0x40000000 + SYS_getpid, {0}},
#endif
};

static void tell(const char *name, long result) {
    printf("%s %s\n", name, result < 0 ? strerrorname_np(errno) : "ok");
    fflush(stdout);
}

/* Runs in a separate process, so that a new namespace ends with it. */
static void try(const struct call *call) {
    pid_t child = fork();
    if (child == 0) {
        const long *args = call->args, self = syscall(SYS_getpid);
        long result = syscall(call->number, args[0], args[1], args[2], args[3], args[4]);
        if (syscall(SYS_getpid) == self)
            tell(call->name, result);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

#ifdef __x86_64__
/* Makes a call as a 32-bit program does: for the kernel, only the instruction counts. */
static void try_i386(const char *name, int number, long argument) {
    pid_t child = fork();
    if (child == 0) {
        long result;
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(argument) : "memory", "r8", "r9", "r10", "r11");
        if (result < 0)
            errno = (int)-result;
        tell(name, result);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}
#endif

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "user") == 0) {
        printf("%u\n", geteuid());
        return 0;
    }
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        try(&calls[i]);
#ifdef __x86_64__
    try_i386("i386-getpid", 20, 0);
    try_i386("i386-unshare-user", 310, CLONE_NEWUSER);
    try_i386("i386-iopl", 110, 0);
#endif
    return 0;
}
