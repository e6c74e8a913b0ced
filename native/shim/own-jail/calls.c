#include "calls.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../../common/seccomp.h"
#include "../../common/treason.h"

/* Newer than some C libraries. */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

static const int always[] = {
    /* bytes: of guest, clients, VMM and boxlite-net */
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_recvmsg,
    SYS_recvfrom,
    SYS_sendmsg,
    SYS_sendto,
    SYS_accept4,
    SYS_close,
    /* waiting */
    SYS_epoll_pwait,
    SYS_epoll_pwait2,
    SYS_epoll_ctl,
    SYS_timerfd_create,
    SYS_timerfd_settime,
    SYS_ppoll,
    SYS_wait4,
    SYS_futex,
    SYS_restart_syscall,
    /* files of the box's directory: records and logs */
    SYS_openat,
    SYS_pread64,
    SYS_pwrite64,
    SYS_pwritev,
    SYS_lseek,
    SYS_fstat,
    SYS_newfstatat,
    SYS_ftruncate,
    SYS_fsync,
    SYS_getdents64,
    SYS_renameat,
    SYS_renameat2,
    SYS_unlinkat,
    /* memory; what may be run is a rule of its own */
    SYS_brk,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    /* its own state */
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_clock_gettime,
    SYS_gettimeofday,
    SYS_getrandom,
    SYS_getpid,
    SYS_gettid,
    SYS_exit,
    SYS_exit_group,
#if defined(__x86_64__)
    SYS_poll,
    SYS_epoll_wait,
    SYS_open,
    SYS_stat,
    SYS_lstat,
    SYS_rename,
    SYS_unlink,
#endif
};

/* Watched volumes. */
static const int to_watch[] = {SYS_openat2, SYS_inotify_init1, SYS_inotify_add_watch, SYS_inotify_rm_watch};

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define JUMP_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)

enum { MOST_RULES = 2 * (COUNT(always) + COUNT(to_watch) + COUNT(treason)) + 64 };

struct filter {
    struct sock_filter rules[MOST_RULES];
    unsigned short count;
};

static void put(struct filter *filter, const struct sock_filter *rules, size_t count);
static void put_calls(struct filter *filter, const int *calls, size_t count, struct sock_filter answer);
static void put_judged(struct filter *filter, const struct shim *shim);

#define PUT(filter, ...)                                     \
    do {                                                     \
        const struct sock_filter rules_[] = {__VA_ARGS__};   \
        put(filter, rules_, sizeof rules_ / sizeof *rules_); \
    } while (0)

int calls_filter(const struct shim *shim, struct err *err) {
    static struct filter filter;
    const struct sock_filter allow = ALLOW, end = KILL;
    filter.count = 0;
    PUT(&filter, LOAD_CALL);
    put_calls(&filter, always, COUNT(always), allow);
    if (shim->watches)
        put_calls(&filter, to_watch, COUNT(to_watch), allow);
    put_judged(&filter, shim);
    put_calls(&filter, treason, COUNT(treason), end);
    PUT(&filter, ANSWER(ENOSYS));
    const struct sock_fprog program = {.len = filter.count, .filter = filter.rules};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)
               ? err_errno(err, "can't filter the shim's system calls")
               : 0;
}

/* The list is shorter than its array, whatever the configuration. */
static void put(struct filter *filter, const struct sock_filter *rules, size_t count) {
    for (size_t i = 0; i < count && filter->count < MOST_RULES; i++)
        filter->rules[filter->count++] = rules[i];
}

static void put_calls(struct filter *filter, const int *calls, size_t count, struct sock_filter answer) {
    for (size_t i = 0; i < count; i++)
        PUT(filter, JUMP_EQUAL((unsigned)calls[i], 0, 1), answer);
}

/* Calls whose arguments decide. Each block ends with an answer or skips itself. */
static void put_judged(struct filter *filter, const struct shim *shim) {
    const unsigned vmm = (unsigned)shim->vmm.pid, net = shim->net.pid ? (unsigned)shim->net.pid : vmm;
    PUT(filter, JUMP_EQUAL(SYS_mmap, 0, 4), LOAD(LOW_HALF(2)), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
        ANSWER(EPERM), ALLOW);
    /* Locks could keep the ids of VMMs from all others. */
    PUT(filter, JUMP_EQUAL(SYS_fcntl, 0, 12), LOAD(LOW_HALF(1)), JUMP_EQUAL(SET_OWNER, 8, 0),
        JUMP_EQUAL(SET_SIGNAL, 7, 0), JUMP_EQUAL(SET_OWNER_EX, 6, 0), JUMP_EQUAL(F_GETFL, 4, 0),
        JUMP_EQUAL(F_SETFL, 3, 0), JUMP_EQUAL(F_GETFD, 2, 0), JUMP_EQUAL(F_SETFD, 1, 0),
        JUMP_EQUAL(F_DUPFD_CLOEXEC, 0, 2), ALLOW, KILL, ANSWER(EPERM));
    /* Of an open file: Landlock leaves the times of the others open. */
    PUT(filter, JUMP_EQUAL(SYS_utimensat, 0, 6), LOAD(LOW_HALF(1)), JUMP_EQUAL(0, 0, 3), LOAD(HIGH_HALF(1)),
        JUMP_EQUAL(0, 0, 1), ALLOW, ANSWER(EPERM));
    /* Its two children, and itself: abort(3). */
    PUT(filter, JUMP_EQUAL(SYS_kill, 0, 5), LOAD(LOW_HALF(0)), JUMP_EQUAL(vmm, 1, 0), JUMP_EQUAL(net, 0, 1), ALLOW,
        KILL);
    PUT(filter, JUMP_EQUAL(SYS_tgkill, 0, 4), LOAD(LOW_HALF(0)), JUMP_EQUAL((unsigned)getpid(), 0, 1), ALLOW, KILL);
}
