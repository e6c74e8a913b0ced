#include "health.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../common/wire.h"
#include "../box/join.h"
#include "../proc/process-end.h"
#include "../proc/report.h"
#include "../system/clock.h"

enum { MS = 1000000, CUT_MARK_BYTES = 3 };

static void begin(struct health *health, const struct box *box, uint64_t now);
static int start(struct health *health, const struct box *box);
static void read_report(struct check *check);
static bool read_output(struct check *check);
static void kill_group(const struct check *check);
static void finish(struct health *health, struct port *port, bool main_runs, uint64_t now);
static uint32_t result_of(const struct check *check, uint32_t *exit_code);
static void send_result(const struct health *health, struct port *port, uint32_t result, uint32_t exit_code);
static void end(int *fd);
static uint64_t wall_ns(void);

int health_configure(struct health *health, const uint8_t *payload, size_t size, struct err *err) {
    struct rd rd = {.p = payload, .left = size};
    uint64_t interval = rd_u32(&rd), timeout = rd_u32(&rd), start_period = rd_u32(&rd), start_interval = rd_u32(&rd);
    uint32_t retries = rd_u32(&rd), command_size;
    const uint8_t *command;
    rd_bytes(&rd, &command, &command_size);
    /* Without a pause between checks nothing else would run. */
    if (rd.bad || rd.left || !interval || !timeout || !start_interval || !retries)
        return err_set(err, EPROTO, "the healthcheck is malformed");
    if (health->wanted)
        return err_set(err, EPROTO, "the box has a healthcheck already");
    if (exec_request_decode(command, command_size, &health->command, err)) {
        exec_request_free(&health->command);
        return -1;
    }
    health->plan = (struct health_plan){interval * MS, timeout * MS, start_period * MS, start_interval * MS, retries};
    health_state_begin(&health->state);
    health->check.report = health->check.output = health->check.end = -1;
    health->wanted = true;
    return 0;
}

uint64_t health_turn(struct health *health, const struct box *box, struct port *port, bool main_runs) {
    struct check *check = &health->check;
    if (!health->wanted || (!main_runs && !check->running))
        return UINT64_MAX;
    uint64_t now = monotonic_ns();
    if (!health->main_began_ns) {
        health->main_began_ns = now;
        health->next_ns = now + health_state_wait(&health->state, &health->plan, 0);
    }
    bool more = false;
    if (check->running) {
        read_report(check);
        more = read_output(check);
        if (!check->pid)
            finish(health, port, main_runs, now);
    }
    if (check->running) {
        uint64_t deadline = check->began_ns + health->plan.timeout_ns;
        if (check->timed_out)
            return more ? now : UINT64_MAX; /* a signal will report its end */
        if (now < deadline)
            return more ? now : deadline;
        check->timed_out = true;
        kill_group(check);
        return UINT64_MAX;
    }
    if (!main_runs)
        return UINT64_MAX;
    if (now >= health->next_ns) {
        begin(health, box, now);
        return now; /* it may have failed already */
    }
    return health->next_ns;
}

void health_dying(struct health *health, pid_t pid) {
    /* Until it is reaped nobody else can get its number, nor its group's. */
    if (health->check.running && pid == health->check.pid)
        kill(-pid, SIGKILL);
}

void health_died(struct health *health, pid_t pid, int status) {
    if (!health->check.running || pid != health->check.pid)
        return;
    health->check.pid = 0;
    health->check.status = status;
}

static void begin(struct health *health, const struct box *box, uint64_t now) {
    struct check *check = &health->check;
    *check = (struct check){
        .running = true, .began_ns = now, .began_wall_ns = wall_ns(), .report = -1, .output = -1, .end = -1};
    health->fresh = true;
    if (start(health, box) == 0)
        return;
    err_errno(&check->failure, "can't start the check");
    end(&check->report);
    end(&check->output);
}

static int start(struct health *health, const struct box *box) {
    struct check *check = &health->check;
    int report[2], output[2];
    if (pipe2(report, O_CLOEXEC))
        return -1;
    check->report = report[0];
    cleanup_fd int report_writer = report[1];
    if (pipe2(output, O_CLOEXEC))
        return -1;
    check->output = output[0];
    cleanup_fd int output_writer = output[1];
    fcntl(check->report, F_SETFL, O_NONBLOCK);
    fcntl(check->output, F_SETFL, O_NONBLOCK);
    pid_t pid = join_spawn(box, &(struct launch){.request = &health->command,
                                                 .input = -1,
                                                 .output = output_writer,
                                                 .error = output_writer,
                                                 .terminal = -1,
                                                 .report = report_writer});
    if (pid < 0)
        return -1;
    check->pid = pid;
    check->end = process_end_open(pid);
    return 0;
}

static void read_report(struct check *check) {
    struct report report;
    while (check->report >= 0) {
        int found = report_read(check->report, &report);
        if (found == 0)
            return;
        if (found > 0 && report.kind == REPORT_STARTING) {
            check->started = true;
        } else if (found > 0 && report.kind == REPORT_FAILED) {
            check->started = false;
            check->failure = report.err;
            end(&check->report);
        } else {
            end(&check->report);
        }
    }
}

/* At most a pipe's worth at a time: a check that never stops writing must leave the others their turn. What is too
 * much is read all the same, or the command would block. */
static bool read_output(struct check *check) {
    static uint8_t buffer[65536];
    if (check->output < 0)
        return false;
    ssize_t size = read(check->output, buffer, sizeof buffer);
    if (size == 0)
        end(&check->output);
    if (size <= 0)
        return false;
    uint32_t room = (uint32_t)sizeof check->text - check->used;
    uint32_t taken = (size_t)size < room ? (uint32_t)size : room;
    memcpy(check->text + check->used, buffer, taken);
    check->used += taken;
    check->cut = check->cut || taken < (size_t)size;
    return size == (ssize_t)sizeof buffer;
}

/* Until it has made its own group a starting process has none of its number. */
static void kill_group(const struct check *check) {
    if (check->pid && kill(-check->pid, SIGKILL))
        kill(check->pid, SIGKILL);
}

static void finish(struct health *health, struct port *port, bool main_runs, uint64_t now) {
    struct check *check = &health->check;
    uint32_t exit_code, result = result_of(check, &exit_code);
    end(&check->report);
    end(&check->output);
    end(&check->end);
    check->running = false;
    if (!main_runs)
        return; /* it died with the box, which says nothing about health */
    if (check->cut)
        memset(check->text + sizeof check->text - CUT_MARK_BYTES, '.', CUT_MARK_BYTES);
    if (result == BL_HEALTH_RESULT_FAILED) {
        check->used = (uint32_t)strnlen(check->failure.msg, sizeof check->failure.msg);
        memcpy(check->text, check->failure.msg, check->used);
    }
    bool passed = result == BL_HEALTH_RESULT_EXITED && exit_code == 0;
    health_state_note(&health->state, &health->plan, check->began_ns - health->main_began_ns, passed);
    send_result(health, port, result, exit_code);
    health->next_ns = now + health_state_wait(&health->state, &health->plan, now - health->main_began_ns);
}

static uint32_t result_of(const struct check *check, uint32_t *exit_code) {
    *exit_code = 0;
    if (check->timed_out)
        return BL_HEALTH_RESULT_TIMED_OUT;
    if (!check->started)
        return BL_HEALTH_RESULT_FAILED;
    *exit_code = WIFSIGNALED(check->status) ? 128 + (uint32_t)WTERMSIG(check->status)
                                            : (uint32_t)WEXITSTATUS(check->status);
    return BL_HEALTH_RESULT_EXITED;
}

static void send_result(const struct health *health, struct port *port, uint32_t result, uint32_t exit_code) {
    static uint8_t payload[64 + BL_LIMIT_HEALTH_OUTPUT];
    const struct check *check = &health->check;
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u8(&wr, (uint8_t)health->state.status);
    wr_u8(&wr, (uint8_t)result);
    wr_u32(&wr, health->state.streak);
    wr_u32(&wr, exit_code);
    wr_u64(&wr, check->began_wall_ns);
    wr_u64(&wr, wall_ns());
    wr_bytes(&wr, check->text, check->used);
    port_send(port, BL_SESSION_CONTROL, BL_MSG_HEALTH, payload, wr.used);
}

static void end(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static uint64_t wall_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
