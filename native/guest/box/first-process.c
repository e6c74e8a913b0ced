#include "first-process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../protocol/protocol.h"
#include "../command/init.h"
#include "../command/launch.h"
#include "../notify/filter.h"
#include "../notify/notifier.h"
#include "../proc/descriptors.h"
#include "../proc/own-proc.h"
#include "../proc/passed.h"
#include "../proc/report.h"
#include "../proc/spawn.h"
#include "../system/root.h"
#include "../wire/message.h"
#include "root/enter.h"
#include "root/stage.h"

/* The numbers of its descriptors, after the agent's console. */
enum { CHANNEL = 3, INPUT, OUTPUT, ERROR, KEPT };

static int build(struct err *err);
static uint8_t *take_order(int channel, struct order *order, int *passed);
static void enter(const struct first_process *self);
static int wait_when_watching(struct err *err);
static int become_box(const struct bootstrap *message, struct entered *entered, const int *disks, bool in_root,
                      struct err *err);
_Noreturn static void start(const struct first_process *self);
static int expose_to_oom(const struct exec_request *request, struct err *err);
_Noreturn static void be_init(const struct launch *command);

/* Whatever the box manages to see of this process, these descriptors are all it holds of the agent's. */
_Noreturn void first_process(const struct first_process *given) {
    static const struct first_process own = {CHANNEL, INPUT, OUTPUT, ERROR};
    const int kept[KEPT] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, given->channel,
                            given->input, given->output, given->error};
    struct err err;
    spawn_expendable(0);
    if (descriptors_keep(kept, KEPT, &err))
        report_failed(given->channel, BL_STAGE_AGENT, &err);
    if (build(&err))
        report_failed(own.channel, BL_STAGE_AGENT, &err);
    report_entered(own.channel);
    enter(&own);
    start(&own);
}

/* Mounts that the agent makes below ROOT_SHARED still arrive here; none goes back. */
static int build(struct err *err) {
    if (unshare(CLONE_NEWCGROUP))
        return err_errno(err, "can't make a cgroup namespace");
    if (mount_at(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL, err))
        return -1;
    return stage_build(0, err);
}

static void enter(const struct first_process *self) {
    struct order order;
    struct err err;
    static struct bootstrap message;
    struct entered entered;
    int disks[PASSED_MOST];
    uint8_t *payload = take_order(self->channel, &order, disks);
    bool in_root = order.kind == ORDER_ROOT;
    if (in_root) {
        if (enter_root(&entered, &err))
            report_failed(self->channel, BL_STAGE_DISKS, &err);
        report_entered(self->channel);
        free(payload);
        payload = take_order(self->channel, &order, disks);
    }
    if (order.kind != ORDER_ENTER)
        _exit(127);
    if (bootstrap_decode(payload, order.size, &message, &err) || become_box(&message, &entered, disks, in_root, &err) ||
        (notify_wanted(&message) && wait_when_watching(&err)))
        report_failed(self->channel, BL_STAGE_BOOTSTRAP, &err);
    bootstrap_free(&message);
    free(payload);
    report_entered(self->channel);
}

static int become_box(const struct bootstrap *message, struct entered *entered, const int *disks, bool in_root,
                      struct err *err) {
    uint32_t bare = message->flags & (BL_BOX_PRIVILEGED | BL_BOX_UNMASKED);
    if (bare && in_root)
        return err_set(err, EPROTO, "in a box of an image's template the kernel's files are masked already");
    if (bare && stage_build(bare, err))
        return -1;
    if (!in_root && enter_root(entered, err))
        return -1;
    return enter_box(message, entered, disks, err);
}

/* The agent fetches the listener before it orders the start. */
static int wait_when_watching(struct err *err) {
    int listener = notify_filter_install(err);
    if (listener < 0)
        return -1;
    if (listener != NOTIFY_LISTENER_FD && dup3(listener, NOTIFY_LISTENER_FD, O_CLOEXEC) < 0)
        return err_errno(err, "can't keep the listener for inotify");
    if (listener != NOTIFY_LISTENER_FD)
        close(listener);
    return 0;
}

_Noreturn static void start(const struct first_process *self) {
    struct order order;
    struct err err;
    static struct exec_request request;
    int passed[PASSED_MOST];
    uint8_t *payload = take_order(self->channel, &order, passed);
    if (order.kind != ORDER_START)
        _exit(127);
    if (exec_request_decode(payload, order.size, &request, &err))
        report_failed(self->channel, BL_STAGE_EXEC, &err);
    free(payload);
    if (request.oom_score_adj && expose_to_oom(&request, &err))
        report_failed(self->channel, BL_STAGE_EXEC, &err);

    const struct launch command = {
        .request = &request,
        .input = request.flags & BL_EXEC_STDIN ? INPUT : -1,
        .output = OUTPUT,
        .error = ERROR,
        .terminal = order.terminal,
        .main = true,
        .report = LAUNCH_REPORT,
    };
    const int kept[] = {command.input, command.output, command.error, self->channel};
    if (descriptors_keep(kept, sizeof kept / sizeof *kept, &err))
        report_failed(self->channel, BL_STAGE_EXEC, &err);
    if (!(request.flags & (BL_EXEC_IDLE | BL_EXEC_INIT)))
        launch(&command);
    be_init(&command);
}

static int expose_to_oom(const struct exec_request *request, struct err *err) {
    char path[32], text[16];
    cleanup_fd int proc = own_proc_open(err);
    snprintf(path, sizeof path, "%d/oom_score_adj", getpid());
    snprintf(text, sizeof text, "%d", request->oom_score_adj);
    return proc < 0 ? -1 : own_proc_write(proc, path, text, err);
}

/* With the command's user, capabilities and limits, as in any other container engine: the init is a process of the
 * box. */
_Noreturn static void be_init(const struct launch *command) {
    struct err err;
    pid_t child = 0;
    init_begin();
    if (launch_prepare(command, &err))
        report_failed(LAUNCH_REPORT, BL_STAGE_EXEC, &err);
    if (command->request->flags & BL_EXEC_IDLE)
        report_starting(LAUNCH_REPORT);
    else
        child = fork();
    if (child < 0) {
        err_errno(&err, "can't start the command");
        report_failed(LAUNCH_REPORT, BL_STAGE_EXEC, &err);
    }
    if (child == 0 && !(command->request->flags & BL_EXEC_IDLE))
        launch_execute(command);
    /* The command's streams end when the command's own descriptors do. */
    close_range(0, ~0u, 0);
    init_run(child);
}

/* The channel ends only with the agent, and with it the VM. */
static uint8_t *take_order(int channel, struct order *order, int *passed) {
    if (passed_receive(channel, order, sizeof *order, passed))
        _exit(127);
    uint8_t *payload = malloc(order->size + 1);
    if (!payload || (order->size && recv(channel, payload, order->size, MSG_WAITALL) != (ssize_t)order->size))
        _exit(127);
    return payload;
}
