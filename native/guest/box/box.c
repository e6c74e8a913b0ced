#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../proc/passed.h"
#include "../proc/process-list.h"
#include "../proc/report.h"
#include "../proc/spawn.h"
#include "../system/text-file.h"
#include "cgroup.h"
#include "devices.h"
#include "first-process.h"

static int make_pipes(int streams[3][2], struct err *err);
static int await(int channel, struct err *err);
static int send_order(int channel, const struct order *order, const struct passed *passed, const uint8_t *payload,
                      struct err *err);

int box_prepare(struct box *box, struct err *err) {
    int channel[2], streams[3][2];
    if (cgroup_make(err) || devices_restrict(err) || make_pipes(streams, err))
        return -1;
    box->cgroup = cgroup_open_box(err);
    box->cgroup_processes = cgroup_open_processes(err);
    if (box->cgroup < 0 || box->cgroup_processes < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel))
        return err_errno(err, "can't make a channel to the box");

    box->pid = spawn(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC, box->cgroup);
    if (box->pid < 0)
        return err_errno(err, "can't make the box's namespaces");
    if (box->pid == 0)
        first_process(&(struct first_process){channel[1], streams[0][0], streams[1][1], streams[2][1]});

    close(channel[1]);
    close(streams[0][0]);
    close(streams[1][1]);
    close(streams[2][1]);
    box->channel = channel[0];
    box->notifier = -1;
    box->input = streams[0][1];
    box->output = streams[1][0];
    box->error = streams[2][0];
    box->pidfd = (int)syscall(SYS_pidfd_open, box->pid, 0);
    if (box->pidfd < 0)
        return err_errno(err, "can't open the box's first process");
    return await(box->channel, err);
}

int box_enter_root(struct box *box, struct err *err) {
    const struct order order = {.kind = ORDER_ROOT, .terminal = -1};
    if (send_order(box->channel, &order, NULL, NULL, err))
        return -1;
    return await(box->channel, err);
}

int box_enter(struct box *box, const uint8_t *payload, size_t size, const struct passed *disks, struct err *err) {
    const struct order order = {.kind = ORDER_ENTER, .terminal = -1, .size = (uint32_t)size};
    if (send_order(box->channel, &order, disks, payload, err))
        return -1;
    return await(box->channel, err);
}

int box_start(struct box *box, const uint8_t *exec, size_t size, int terminal, struct err *err) {
    const struct order order = {.kind = ORDER_START, .terminal = terminal, .size = (uint32_t)size};
    return send_order(box->channel, &order, NULL, exec, err);
}

bool box_is_ending(const struct box *box) {
    char path[sizeof "/proc//stat" + 10], stat[1024];
    struct process_figures first;
    snprintf(path, sizeof path, "/proc/%d/stat", box->pid);
    return read_text(path, stat, sizeof stat) || process_stat(stat, &first) || first.exiting;
}

/* The agent's ends do not block; the command's do, as a command expects. */
static int make_pipes(int streams[3][2], struct err *err) {
    for (int i = 0; i < 3; i++) {
        if (pipe2(streams[i], O_CLOEXEC))
            return err_errno(err, "can't make a pipe");
        fcntl(streams[i][i == 0 ? 1 : 0], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

static int await(int channel, struct err *err) {
    struct report report;
    ssize_t size = recv(channel, &report, sizeof report, MSG_WAITALL);
    if (size != (ssize_t)sizeof report)
        return err_set(err, ESRCH, "the box's first process has died");
    if (report.kind != REPORT_FAILED)
        return 0;
    *err = report.err;
    return -1;
}

static int send_order(int channel, const struct order *order, const struct passed *passed, const uint8_t *payload,
                      struct err *err) {
    if (passed_send(channel, order, sizeof *order, passed))
        return err_errno(err, "the box's first process does not answer");
    for (size_t size = order->size; size;) {
        ssize_t sent = send(channel, payload, size, MSG_NOSIGNAL);
        if (sent < 0)
            return err_errno(err, "the box's first process does not answer");
        payload += sent;
        size -= (size_t)sent;
    }
    return 0;
}
