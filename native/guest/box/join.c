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
#include "../command/seccomp.h"
#include "../proc/descriptors.h"
#include "../proc/report.h"
#include "../proc/spawn.h"
#include "cgroup.h"

enum { STACK_BYTES = 2 << 20, GUARD_BYTES = 64 << 10 };
/* The numbers of what a new process has besides its streams, until it knows its place. */
enum { CGROUP = LAUNCH_REPORT + 1, CGROUP_PROCESSES, KEPT };

#define BIT(capability) (UINT64_C(1) << (capability))

/* What a process needs to become a command of any user: to read the box's files, to give away its streams, to set
 * limits. None of it leads out of the box. */
static const uint64_t to_become = BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_SETUID) | BIT(CAP_SETGID) |
                                  BIT(CAP_SYS_RESOURCE);

struct birth {
    const struct box *box;
    const struct launch *command;
    int cgroup, cgroup_processes; /* where to be born, as in struct box */
    bool outside; /* not from its first moment in the box's cgroup, which is full */
    pid_t child;
    int error;
};

static pid_t bear_anywhere(struct birth *birth);
static pid_t bear(struct birth *birth);
static char *make_stack(void);
static int go_between(void *argument);
static int enter(const struct birth *birth);
static uint64_t to_confine(const struct exec_request *request);
_Noreturn static void be_born(const struct birth *birth);

pid_t join_spawn(const struct box *box, const struct launch *command) {
    struct birth birth = {
        .box = box, .command = command, .cgroup = box->cgroup, .cgroup_processes = box->cgroup_processes};
    pid_t child = bear_anywhere(&birth);
    if (child >= 0 || errno != EBUSY)
        return child;
    /* The box has divided its group. Then where its first process has gone, as runc does it. */
    struct err err;
    cleanup_fd int processes = -1;
    cleanup_fd int group = cgroup_open_of(box->pid, &processes, &err);
    if (group < 0) {
        errno = err.code;
        return -1;
    }
    birth.cgroup = group;
    birth.cgroup_processes = processes;
    return bear_anywhere(&birth);
}

static pid_t bear_anywhere(struct birth *birth) {
    birth->outside = false;
    pid_t child = bear(birth);
    /* A box that is full is entered by a process made outside: the kernel refuses a new one in a full group, not
     * one that moves there. So that what fills it can still be looked at and ended. But while it is outside it may
     * open any device, so not where it could be made to by a process that traces it. */
    if (child < 0 && errno == EAGAIN && !birth->box->may_trace) {
        birth->outside = true;
        child = bear(birth);
    }
    return child;
}

/* The box sees a process of its own from its first moment. One with CAP_SYS_PTRACE may then look into it and take its
 * descriptors, or make it do what it likes, and no "not dumpable" helps. So it is born without anything of the
 * agent's: of a go-between that the box does not see, which has put all of that away before. It shares our memory and
 * is over when this returns, so it costs less than a fork. */
static pid_t bear(struct birth *birth) {
    static char *stack;
    birth->child = -1;
    if (!stack && !(stack = make_stack()))
        return -1;
    pid_t between = clone(go_between, stack + STACK_BYTES, CLONE_VM | CLONE_VFORK | SIGCHLD, birth);
    if (between < 0)
        return -1;
    while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
        ;
    errno = birth->error;
    return birth->child;
}

/* The command's process goes on with a copy of it, so there is as much as launch() may need, and an end to it. */
static char *make_stack(void) {
    char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED || mprotect(stack, GUARD_BYTES, PROT_NONE))
        return NULL;
    return stack;
}

static int go_between(void *argument) {
    struct birth *birth = argument;
    if (enter(birth) == 0)
        birth->child = spawn(CLONE_PARENT, birth->outside ? -1 : CGROUP);
    if (birth->child == 0)
        be_born(birth);
    birth->error = errno;
    return 0;
}

static int enter(const struct birth *birth) {
    const struct launch *command = birth->command;
    const struct box *box = birth->box;
    const int kept[KEPT] = {command->input,  command->output, command->error,
                            command->report, birth->cgroup,   birth->outside ? birth->cgroup_processes : -1};
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

/* What it takes to come under the box's filter. The go-between can't have the filter already, since that refuses the
 * call that it makes the process by. So one of a box with CAP_SYS_PTRACE may be robbed of this, by luck. */
static uint64_t to_confine(const struct exec_request *request) {
    return request->flags & (BL_EXEC_UNCONFINED | BL_EXEC_NO_NEW_PRIVILEGES) ? 0 : BIT(CAP_SYS_ADMIN);
}

_Noreturn static void be_born(const struct birth *birth) {
    struct launch command = *birth->command;
    uint64_t capabilities = launch_capabilities(command.request);
    struct err err;
    command.report = LAUNCH_REPORT;
    command.confined = true;
    if (seccomp_confine(command.request, capabilities, &err) || capabilities_set(capabilities | to_become, &err) ||
        (birth->outside && cgroup_join(CGROUP_PROCESSES, &err)))
        report_failed(LAUNCH_REPORT, BL_STAGE_EXEC, &err);
    close_range(CGROUP, ~0u, 0);
    launch(&command);
}
