/* boxlite-shim: the supervisor of one box. Starts the VMM, relays frames between the engine's processes
 * and the guest agent, keeps the command's output, and leaves the records of its end. Its argument is the box's
 * directory, for whoever looks at processes; its configuration comes by descriptor 3. See native/README.md. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box/directory.h"
#include "box/records.h"
#include "box/shim.h"
#include "broker/broker.h"
#include "jail/check-walls.h"
#include "jail/view/volumes.h"
#include "loop.h"
#include "net/net.h"
#include "notify/notify.h"
#include "own-jail/own-jail.h"
#include "system/title.h"
#include "vmm/start.h"
#include "vmm/vmm.h"

enum { TO_GUEST_BYTES = 4 * 1024 * 1024, STDIN_BYTES = 8 * 1024 * 1024 };

static int detach(struct shim *shim, struct err *err);
static int read_config(struct shim *shim, struct err *err);
static int open_logs(struct shim *shim, struct err *err);
static void report_up(const struct shim *shim);
static int report_failure(struct shim *shim, const struct err *err);

static struct shim shim = {
    .lock_fd = -1,
    .listen_fd = -1,
    .qmp_fd = -1,
    .unsynced_fd = -1,
    .vmm_end = "",
    .phase = BL_SHIM_PHASE_STARTING,
    .stage = BL_STAGE_JAIL,
    .broker.fd = -1,
    .net = {.control_fd = -1, .output_fd = -1, .frames_fd = -1, .ids_fd = -1, .links_timer_fd = -1, .decisions.fd = -1},
    .vmm = {.files = {-1, -1}, .port_fd = -1, .console_fd = -1, .output_fd = -1, .ids_fd = -1, .group = NO_GROUP},
    .to_guest.cap = TO_GUEST_BYTES,
    .from_guest.cap = 2 * (FRAME_HEADER_BYTES + BL_LIMIT_MAX_PAYLOAD),
    .main.stdin_frames.cap = STDIN_BYTES,
    .console_log.fd = -1,
    .output_log.fd = -1,
    .health.timer_fd = -1,
};

int main(int argc, char **argv) {
    /* The shim answers this, and not boxlite-host: AppArmor may allow user namespaces to a single path. */
    if (argc == 2 && strcmp(argv[1], "--check-volumes") == 0)
        return print_volumes_check();
    if (argc == 2 && strcmp(argv[1], "--check-walls") == 0)
        return print_walls_check();
    title_open(argc, argv);
    static int (*const phases[])(struct shim *, struct err *) = {
        detach,    read_config, broker_start, directory_claim, open_logs, directory_listen,
        loop_open, net_start,   notify_open,  vmm_start,       net_ready, own_jail_enter,
    };
    struct err err;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        if (phases[i](&shim, &err))
            return report_failure(&shim, &err);
    report_up(&shim);
    /* From here on only the end of the box ends the shim. */
    loop_run(&shim);
    broker_end(&shim);
    return 0;
}

/* Keeps only the lifeline and the status pipe of the process that started the shim. */
static int detach(struct shim *s, struct err *err) {
    if (close_range(STATUS_FD + 1, ~0U, 0))
        return err_errno(err, "close what the caller has open");
    if (fcntl(LIFELINE_FD, F_SETFD, FD_CLOEXEC) || fcntl(STATUS_FD, F_SETFD, FD_CLOEXEC))
        return err_errno(err, "read the configuration");
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        return err_errno(err, "open /dev/null");
    close(null);
    umask(077);
    /* Fails for the leader of a session, which is detached already. */
    if (setsid() < 0 && errno != EPERM)
        return err_errno(err, "leave the caller's session");
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return err_errno(err, "ignore the ends of pipes");
    prctl(PR_SET_NAME, "boxlite-shim");
    self_identify(&s->self);
    return 0;
}

static int read_config(struct shim *s, struct err *err) { return config_read(LIFELINE_FD, &s->config, err); }

static int open_logs(struct shim *s, struct err *err) {
    if (records_clear(err) || console_log_open(&s->console_log, s->config.console_limit, err))
        return -1;
    /* A template runs no command, and keeps what lies in its directory. */
    if (s->config.flags & BL_SHIM_FLAG_TEMPLATE)
        return output_log_open(&s->output_log, s->config.log_max_bytes, 0, err);
    records_reserve();
    return output_log_open(&s->output_log, s->config.log_max_bytes, s->config.log_max_files, err);
}

static void report_up(const struct shim *s) {
    dprintf(STATUS_FD, "up %d\n", (int)s->vmm.pid);
    close(STATUS_FD);
}

static int report_failure(struct shim *s, const struct err *err) {
    /* Only the holder of the lock may write the box's records. */
    if (s->lock_fd >= 0)
        records_write_boot_error(s, s->stage, err);
    vmm_kill(s);
    group_end(&s->vmm.group);
    if (s->lock_fd >= 0)
        directory_release(s);
    net_stop(s);
    broker_end(s);
    dprintf(STATUS_FD, "failed %s %d %s\n", stage_name(s->stage), err->code, err->msg);
    return 1;
}
