#include "filter.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "place.h"

static struct sock_filter calls[] = {
    LOAD_CALL,
    /* Datagrams of the members, which are the only sockets that there are: it makes none. */
    ALLOW_CALL(SYS_recvfrom),
    ALLOW_CALL(SYS_sendto),
    ALLOW_CALL(SYS_ppoll),
#if defined(__x86_64__)
    ALLOW_CALL(SYS_poll),
#endif
    ALLOW_CALL(SYS_accept4),
    ALLOW_CALL(SYS_close),
    /* Memory for what waits. */
    ALLOW_CALL(SYS_brk),
    ALLOW_CALL(SYS_munmap),
    ALLOW_CALL(SYS_mremap),
    ALLOW_CALL(SYS_madvise),
    /* Deadlines, where the kernel's page for them is missing; chance for the allocator. */
    ALLOW_CALL(SYS_clock_gettime),
    ALLOW_CALL(SYS_getrandom),
    ALLOW_CALL(SYS_restart_syscall),
    ALLOW_CALL(SYS_rt_sigreturn),
    ALLOW_CALL(SYS_exit_group),
    ALLOW_MEMORY,
    ANSWER(EPERM),
};

const struct jail hub_jail = {
    .calls = calls,
    .call_count = sizeof calls / sizeof *calls,
    /* The listening socket, standard streams, and each place's. */
    .descriptors = HUB_PLACES + 8,
    .data_bytes = 384 * 1024 * 1024,
    /* Why it can't enter the jail; inside, it writes nothing. */
    .file_bytes = 4096,
    /* Its members' connections need no network of the host's. */
    .namespaces = CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET,
};
