/* The last wall: once a VMM has everything open, and before its guest runs, it may only make the calls that it still
 * needs. BOXLITE_CALLS says which machine this is, as a sum of CALLS_*; without it there is no lock.
 *
 * A call that this list lacks does not exist (ENOSYS), as with an older kernel: libraries have a way without the calls
 * that they have learned lately. What only somebody asks for who has taken the VMM over ends it at once. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/seccomp.h"
#include "../common/treason.h"
#include "lock.h"

/* Newer than some C libraries. */
#define FCHMODAT2 452
#define FUTEX_WAITV 449
#define EPOLL_PWAIT2 441

/* ioctl(2) commands of KVM bear this as their second byte. */
#define KVM_TYPE 0xae00
#define TYPE_MASK 0xff00
#define FILE_VERSION 0x80087601U /* FS_IOC_GETVERSION, for 9p */
#define NON_BLOCKING 0x5421      /* FIONBIO */

static const int always[] = {
    /* bytes */
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
    SYS_preadv,
    SYS_pwritev,
    SYS_preadv2,
    SYS_pwritev2,
    SYS_lseek,
    SYS_recvmsg,
    SYS_recvfrom,
    SYS_sendmsg,
    SYS_sendto,
    SYS_shutdown,
    /* descriptors */
    SYS_close,
    SYS_dup,
    SYS_dup3,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_fallocate,
    SYS_fadvise64,
    SYS_copy_file_range,
    SYS_sync_file_range,
    SYS_readahead,
    SYS_flock,
    SYS_syncfs,
    SYS_statfs,
    SYS_fstatfs,
    SYS_ftruncate,
    SYS_fsync,
    SYS_fdatasync,
    SYS_accept,
    SYS_accept4,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_getsockname,
    SYS_getpeername,
    SYS_pipe2,
    SYS_eventfd2,
    SYS_timerfd_create,
    SYS_timerfd_settime,
    SYS_timerfd_gettime,
    SYS_signalfd4,
    /* waiting */
    SYS_ppoll,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    EPOLL_PWAIT2,
    SYS_futex,
    FUTEX_WAITV,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_restart_syscall,
    SYS_sched_yield,
    /* memory; what may become executable is a rule of its own */
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    SYS_msync,
    SYS_mincore,
    SYS_membarrier,
    /* threads; that it is one is a rule of the filter below this one */
    SYS_clone,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_set_tid_address,
    SYS_gettid,
    SYS_getpid,
    SYS_exit,
    SYS_exit_group,
    SYS_sched_getaffinity,
    SYS_getcpu,
    /* signals */
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigpending,
    SYS_rt_sigtimedwait,
    SYS_rt_sigsuspend,
    SYS_sigaltstack,
    /* time, and what anybody may know */
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_timer_create,
    SYS_timer_settime,
    SYS_timer_gettime,
    SYS_timer_getoverrun,
    SYS_timer_delete,
    SYS_getrandom,
    SYS_uname,
    SYS_sysinfo,
    SYS_getrusage,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getppid,
#if defined(__x86_64__)
    SYS_poll,
    SYS_epoll_wait,
    SYS_epoll_create,
    SYS_pipe,
    SYS_dup2,
    SYS_eventfd,
    SYS_time,
    SYS_stat,
    SYS_lstat,
    SYS_arch_prctl,
#endif
};

/* Files in volumes, each below a descriptor. Modes with set-ID bits are a rule of the filter below this one. */
static const int for_shares[] = {
    SYS_openat,       SYS_mkdirat,      SYS_mknodat,    SYS_symlinkat,  SYS_linkat,     SYS_unlinkat,
    SYS_renameat,     SYS_renameat2,    SYS_readlinkat, SYS_fchmod,     SYS_fchmodat,   FCHMODAT2,
    SYS_fchown,       SYS_fchownat,     SYS_utimensat,  SYS_getdents64, SYS_faccessat,  SYS_fchdir,
    SYS_umask,        SYS_memfd_create, SYS_getxattr,   SYS_lgetxattr,  SYS_fgetxattr,  SYS_setxattr,
    SYS_lsetxattr,    SYS_fsetxattr,    SYS_listxattr,  SYS_llistxattr, SYS_flistxattr, SYS_removexattr,
    SYS_lremovexattr, SYS_fremovexattr,
#if defined(__x86_64__)
    SYS_open,         SYS_mkdir,        SYS_chmod,      SYS_readlink,   SYS_access,     SYS_unlink,
    SYS_rmdir,        SYS_rename,
#endif
};

/* A template's state goes to a socket of the engine's. */
static const int for_saving[] = {SYS_socket, SYS_connect};

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define JUMP_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define JUMP_ANY(bits, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, yes, no)

enum { MAX_RULES = 2 * (COUNT(always) + COUNT(for_shares) + COUNT(for_saving) + COUNT(treason)) + 96 };

struct filter {
    struct sock_filter rules[MAX_RULES];
    unsigned short count;
};

static void put(struct filter *filter, const struct sock_filter *rules, size_t count);
static void put_calls(struct filter *filter, const int *calls, size_t count, struct sock_filter answer);
static void put_judged(struct filter *filter, unsigned kinds);
_Noreturn static void give_up(const char *why);

#define PUT(filter, ...)                                     \
    do {                                                     \
        const struct sock_filter rules_[] = {__VA_ARGS__};   \
        put(filter, rules_, sizeof rules_ / sizeof *rules_); \
    } while (0)

void lock_calls(void) {
    const char *text = getenv("BOXLITE_CALLS");
    if (!text)
        return;
    char *end;
    unsigned long kinds = strtoul(text, &end, 10);
    if (end == text || *end)
        give_up("BOXLITE_CALLS is not a number");
    static struct filter filter;
    PUT(&filter, LOAD_CALL);
    put_judged(&filter, (unsigned)kinds);
    const struct sock_filter allow = ALLOW, kill = KILL;
    put_calls(&filter, always, COUNT(always), allow);
    if (kinds & CALLS_SHARES)
        put_calls(&filter, for_shares, COUNT(for_shares), allow);
    if (kinds & CALLS_SAVING)
        put_calls(&filter, for_saving, COUNT(for_saving), allow);
    put_calls(&filter, treason, COUNT(treason), kill);
    PUT(&filter, ANSWER(ENOSYS));
    struct sock_fprog program = {.len = filter.count, .filter = filter.rules};
    /* No process of the same user may look into this one, either. */
    if (prctl(PR_SET_DUMPABLE, 0))
        give_up("can't close its memory to others");
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
        give_up("can't filter its system calls");
}

static void put(struct filter *filter, const struct sock_filter *rules, size_t count) {
    if (filter->count + count > MAX_RULES)
        give_up("its filter is too long");
    for (size_t i = 0; i < count; i++)
        filter->rules[filter->count++] = rules[i];
}

static void put_calls(struct filter *filter, const int *calls, size_t count, struct sock_filter answer) {
    for (size_t i = 0; i < count; i++)
        PUT(filter, JUMP_EQUAL((unsigned)calls[i], 0, 1), answer);
}

/* Calls whose arguments decide. Each block ends with an answer or skips itself. */
static void put_judged(struct filter *filter, unsigned kinds) {
    /* Signals to its own threads. */
    PUT(filter, JUMP_EQUAL(SYS_tgkill, 0, 4), LOAD(LOW_HALF(0)), JUMP_EQUAL((unsigned)getpid(), 0, 1), ALLOW, KILL);
    /* musl names a thread alone; in a namespace of its own there are no others. */
    if (getpid() == 1)
        PUT(filter, JUMP_EQUAL(SYS_tkill, 0, 1), ALLOW);
    PUT(filter, JUMP_EQUAL(SYS_prctl, 0, 4), LOAD(LOW_HALF(0)), JUMP_EQUAL(PR_SET_NAME, 0, 1), ALLOW, ANSWER(EPERM));
    PUT(filter, JUMP_EQUAL(SYS_prlimit64, 0, 4), LOAD(LOW_HALF(0)), JUMP_EQUAL(0, 0, 1), ALLOW, KILL);
    PUT(filter, JUMP_EQUAL(SYS_fcntl, 0, 6), LOAD(LOW_HALF(1)), JUMP_EQUAL(SET_OWNER, 3, 0),
        JUMP_EQUAL(SET_SIGNAL, 2, 0), JUMP_EQUAL(SET_OWNER_EX, 1, 0), ALLOW, KILL);
    if (!(kinds & CALLS_KVM)) {
        /* Emulation writes code. */
        const struct sock_filter allow = ALLOW;
        const int memory[] = {SYS_mmap, SYS_mprotect};
        put_calls(filter, memory, COUNT(memory), allow);
        PUT(filter, JUMP_EQUAL(SYS_ioctl, 0, 5), LOAD(LOW_HALF(1)), JUMP_EQUAL(NON_BLOCKING, 1, 0),
            JUMP_EQUAL(FILE_VERSION, 0, 1), ALLOW, ANSWER(ENOTTY));
        return;
    }
    PUT(filter, JUMP_EQUAL(SYS_mmap, 0, 4), LOAD(LOW_HALF(2)), JUMP_ANY(PROT_EXEC, 0, 1), ANSWER(EPERM), ALLOW);
    PUT(filter, JUMP_EQUAL(SYS_mprotect, 0, 4), LOAD(LOW_HALF(2)), JUMP_ANY(PROT_EXEC, 0, 1), ANSWER(EPERM), ALLOW);
    PUT(filter, JUMP_EQUAL(SYS_ioctl, 0, 7), LOAD(LOW_HALF(1)), JUMP_EQUAL(NON_BLOCKING, 3, 0),
        JUMP_EQUAL(FILE_VERSION, 2, 0), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TYPE_MASK), JUMP_EQUAL(KVM_TYPE, 0, 1),
        ALLOW, ANSWER(ENOTTY));
}

static void give_up(const char *why) {
    dprintf(STDERR_FILENO, "boxlite: the VMM can't be locked: %s\n", why);
    _exit(1);
}
