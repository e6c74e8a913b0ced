#include "join.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../protocol/protocol.h"
#include "../command/capabilities.h"
#include "../command/seccomp/seccomp.h"
#include "../proc/descriptors.h"
#include "../proc/report.h"
#include "../proc/spawn.h"
#include "cgroup.h"

enum { STACK_BYTES = 2 << 20, GUARD_BYTES = 64 << 10 };
/* The descriptors of a new process besides its streams, until it is in its place. */
enum { CGROUP = LAUNCH_REPORT + 1, CGROUP_PROCESSES, KEPT };

#define BIT(capability) (UINT64_C(1) << (capability))

/* What a process needs to become a command of any user: to read the box's files, to give away its streams, to set
 * limits. None of it leads out of the box. */
static const uint64_t to_become = BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_SETUID) | BIT(CAP_SETGID) |
                                  BIT(CAP_SYS_RESOURCE);

struct joining {
    const struct box *box;
    const struct launch *command;
    int cgroup, cgroup_processes; /* where it starts, as in struct box */
    bool outside;                 /* it starts outside the box's cgroup, which is full */
    pid_t child;
    int error;
};

static pid_t start_anywhere(struct joining *joining);
static pid_t start(struct joining *joining);
static char *make_stack(void);
static int go_between(void *argument);
static int enter(const struct joining *joining);
static uint64_t to_confine(const struct exec_request *request);
_Noreturn static void become_command(const struct joining *joining);

pid_t join_spawn(const struct box *box, const struct launch *command) {
    struct joining joining = {
        .box = box, .command = command, .cgroup = box->cgroup, .cgroup_processes = box->cgroup_processes};
    pid_t child = start_anywhere(&joining);
    if (child >= 0 || errno != EBUSY)
        return child;
    /* The box has made groups of its own. Then the process goes where the first one is, as with runc. */
    struct err err;
    cleanup_fd int processes = -1;
    cleanup_fd int group = cgroup_open_of(box->pid, &processes, &err);
    if (group < 0) {
        errno = err.code;
        return -1;
    }
    joining.cgroup = group;
    joining.cgroup_processes = processes;
    return start_anywhere(&joining);
}

static pid_t start_anywhere(struct joining *joining) {
    joining->outside = false;
    pid_t child = start(joining);
    /* A box that is full is joined by a process that starts outside: the kernel refuses a new process in a full
     * group, but not one that moves there. So somebody can still look at what fills the box, and end it. But outside
     * the group a process may open any device, so this is ruled out where a process of the box could trace it and
     * make it do so. */
    if (child < 0 && errno == EAGAIN && !joining->box->may_trace) {
        joining->outside = true;
        child = start(joining);
    }
    return child;
}

/* The box sees a process of its own from its first moment. One with CAP_SYS_PTRACE may then look into it and take
 * its descriptors, or make it do what it likes; "not dumpable" does not help against that. So the new process starts
 * without anything of the agent's: its parent is a go-between that the box does not see, which has closed and
 * dropped all of that before. The go-between shares our memory and has ended when this returns, so it costs less
 * than a fork. */
static pid_t start(struct joining *joining) {
    static char *stack;
    joining->child = -1;
    if (!stack && !(stack = make_stack()))
        return -1;
    pid_t between = clone(go_between, stack + STACK_BYTES, CLONE_VM | CLONE_VFORK | SIGCHLD, joining);
    if (between < 0)
        return -1;
    while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
        ;
    errno = joining->error;
    return joining->child;
}

/* The command's process goes on with a copy of this stack, so it is as large as launch() may need. */
static char *make_stack(void) {
    char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED || mprotect(stack, GUARD_BYTES, PROT_NONE))
        return NULL;
    return stack;
}

static int go_between(void *argument) {
    struct joining *joining = argument;
    if (enter(joining) == 0)
        joining->child = spawn(CLONE_PARENT, joining->outside ? -1 : CGROUP);
    if (joining->child == 0)
        become_command(joining);
    joining->error = errno;
    return 0;
}

static int enter(const struct joining *joining) {
    const struct launch *command = joining->command;
    const struct box *box = joining->box;
    const int kept[KEPT] = {command->input,  command->output, command->error,
                            command->report, joining->cgroup, joining->outside ? joining->cgroup_processes : -1};
    uint64_t capabilities = launch_capabilities(command->request);
    struct err err;
    spawn_expendable(command->request->oom_score_adj);
    if (setns(box->pidfd, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP))
        return -1;
    if (descriptors_keep(kept, KEPT, &err) || capabilities_bound(capabilities, &err) ||
        capabilities_set(capabilities | to_become | to_confine(command->request), &err)) {
        errno = err.code;
        return -1;
    }
    return 0;
}

/* What the process needs to install the box's filter. The go-between can't have the filter already, since the filter
 * refuses the call by which it makes the process. So a box with CAP_SYS_PTRACE may, by luck, take this capability. */
static uint64_t to_confine(const struct exec_request *request) {
    return request->flags & (BL_EXEC_UNCONFINED | BL_EXEC_NO_NEW_PRIVILEGES) ? 0 : BIT(CAP_SYS_ADMIN);
}

_Noreturn static void become_command(const struct joining *joining) {
    struct launch command = *joining->command;
    uint64_t capabilities = launch_capabilities(command.request);
    struct err err;
    command.report = LAUNCH_REPORT;
    command.confined = true;
    if (seccomp_confine(command.request, capabilities, &err) || capabilities_set(capabilities | to_become, &err) ||
        (joining->outside && cgroup_join(CGROUP_PROCESSES, &err)))
        report_failed(LAUNCH_REPORT, BL_STAGE_EXEC, &err);
    close_range(CGROUP, ~0u, 0);
    launch(&command);
}
