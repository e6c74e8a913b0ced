#include "spawn.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"

pid_t spawn(uint64_t flags, int cgroup) {
    struct clone_args args = {
        .flags = flags | (cgroup < 0 ? 0 : CLONE_INTO_CGROUP),
        .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD, /* with CLONE_PARENT, our own parent */
        .cgroup = cgroup < 0 ? 0 : (unsigned)cgroup,
    };
    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

void spawn_expendable(int adjustment) {
    char text[16];
    int size = snprintf(text, sizeof text, "%d", adjustment);
    cleanup_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    ssize_t ignored = write(fd, text, (size_t)size);
    (void)ignored;
}
