#include "filter.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "../common/net-control.h"
#include "nat/gaps.h"

enum {
    MAX_DESCRIPTORS = 2048,
    MAX_DATA_BYTES = 1024 * 1024 * 1024,
    OTHER_BYTES = 64 * 1024 * 1024,
};

/* Where memory fails, libslirp ends the program; where descriptors fail, it refuses the connection. */
_Static_assert((long)MAX_DESCRIPTORS *NAT_CONNECTION_BYTES + OTHER_BYTES < MAX_DATA_BYTES, "descriptors fail first");

_Static_assert(NET_SAME_USER == JAIL_SAME_USER, "both stand for the caller's user");

static struct sock_filter calls[] = {
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
    ALLOW_MEMORY,
    ANSWER(EPERM),
};

const struct jail net_jail = {
    .calls = calls,
    .call_count = sizeof calls / sizeof *calls,
    .descriptors = MAX_DESCRIPTORS,
    .data_bytes = MAX_DATA_BYTES,
    .namespaces = CLONE_NEWIPC | CLONE_NEWUTS,
    .connects = true,
};
