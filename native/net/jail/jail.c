#include "jail.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/net-control.h"
#include "../../common/seccomp.h"

enum {
    MAX_DESCRIPTORS = 2048,
    MAX_DATA_BYTES = 1024 * 1024 * 1024,
    /* libslirp's two buffers of 128 KiB, and packets that wait with it: measured while all are being made. */
    CONNECTION_BYTES = 440 * 1024,
    OTHER_BYTES = 64 * 1024 * 1024,
};

/* Where memory fails, libslirp ends the program; where descriptors fail, it refuses the connection. */
_Static_assert((long)MAX_DESCRIPTORS *CONNECTION_BYTES + OTHER_BYTES < MAX_DATA_BYTES, "descriptors fail first");

#define ALLOW_CALL(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), ALLOW

static struct sock_filter rules[] = {
    LOAD_CALL,
    /* Frames and datagrams, the most frequent first. */
    ALLOW_CALL(SYS_read),
    ALLOW_CALL(SYS_write),
    ALLOW_CALL(SYS_sendmsg),
    ALLOW_CALL(SYS_recvfrom),
    ALLOW_CALL(SYS_sendto),
    ALLOW_CALL(SYS_recvmsg),
    ALLOW_CALL(SYS_ppoll),
    ALLOW_CALL(SYS_writev),
    ALLOW_CALL(SYS_readv),
    /* Sockets, of the Internet alone. */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5),
    LOAD(LOW_HALF(0)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
    ALLOW,
    ANSWER(EACCES),
    ALLOW_CALL(SYS_socketpair),
    ALLOW_CALL(SYS_connect),
    ALLOW_CALL(SYS_bind),
    ALLOW_CALL(SYS_listen),
    ALLOW_CALL(SYS_accept4),
    ALLOW_CALL(SYS_shutdown),
    ALLOW_CALL(SYS_getsockname),
    ALLOW_CALL(SYS_getpeername),
    ALLOW_CALL(SYS_getsockopt),
    ALLOW_CALL(SYS_setsockopt),
    /* Descriptors. */
    ALLOW_CALL(SYS_close),
    ALLOW_CALL(SYS_dup3),
    ALLOW_CALL(SYS_fcntl),
    ALLOW_CALL(SYS_ioctl),
    /* Memory, time, chance, and the end. */
    ALLOW_CALL(SYS_brk),
    ALLOW_CALL(SYS_munmap),
    ALLOW_CALL(SYS_mremap),
    ALLOW_CALL(SYS_madvise),
    ALLOW_CALL(SYS_clock_gettime),
    ALLOW_CALL(SYS_getrandom),
    ALLOW_CALL(SYS_futex),
    ALLOW_CALL(SYS_rt_sigreturn),
    ALLOW_CALL(SYS_restart_syscall),
    ALLOW_CALL(SYS_rt_sigprocmask),
    ALLOW_CALL(SYS_rt_sigaction),
    ALLOW_CALL(SYS_getpid),
    ALLOW_CALL(SYS_gettid),
    ALLOW_CALL(SYS_exit),
    ALLOW_CALL(SYS_exit_group),
#if defined(__x86_64__)
    ALLOW_CALL(SYS_poll),
#endif
    /* Memory, but none that can be run. */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 4),
    LOAD(LOW_HALF(2)),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
    ANSWER(EACCES),
    ALLOW,
    ANSWER(EPERM),
};

static int lower_limits(struct err *err);
static int become(uint32_t user, struct err *err);
static int drop_capabilities(struct err *err);

int jail_enter(uint32_t user, struct err *err) {
    if (chdir("/"))
        return err_errno(err, "change to /");
    if (lower_limits(err) || (user != NET_SAME_USER && become(user, err)) || drop_capabilities(err))
        return -1;
    /* No process of the same user may look into this one, either. */
    if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return err_errno(err, "renounce new privileges");
    struct sock_fprog program = {.len = sizeof rules / sizeof *rules, .filter = rules};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
        return err_errno(err, "filter system calls");
    return 0;
}

/* Each connection of a box costs a descriptor and its buffers: both are bounded, whatever the box does. */
static int lower_limits(struct err *err) {
    static const struct {
        __rlimit_resource_t resource;
        rlim_t most;
    } limits[] = {{RLIMIT_NOFILE, MAX_DESCRIPTORS}, {RLIMIT_DATA, MAX_DATA_BYTES}, {RLIMIT_CORE, 0}, {RLIMIT_FSIZE, 0}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        if (getrlimit(limits[i].resource, &limit))
            return err_errno(err, "read a limit");
        if (limit.rlim_max > limits[i].most)
            limit.rlim_max = limits[i].most;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(limits[i].resource, &limit))
            return err_errno(err, "lower a limit");
    }
    return 0;
}

static int become(uint32_t user, struct err *err) {
    int with_parent = 0;
    (void)prctl(PR_GET_PDEATHSIG, &with_parent);
    if (setgroups(0, NULL) || setresgid(user, user, user) || setresuid(user, user, user))
        return err_errno(err, "become user %u (only root can)", user);
    /* A change of user clears it. A parent that is gone by now has closed our first connection. */
    return prctl(PR_SET_PDEATHSIG, with_parent) ? err_errno(err, "ask to die with the shim") : 0;
}

/* Those of a root that stays root, too: with CAP_NET_ADMIN an ioctl would configure the host's network. */
static int drop_capabilities(struct err *err) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) || syscall(SYS_capset, &header, none))
        return err_errno(err, "drop capabilities");
    return 0;
}
