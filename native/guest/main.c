/* boxlite-guest: PID 1 of a box's VM. */
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "boot/bootstrap.h"
#include "boot/disks.h"
#include "boot/etc-files.h"
#include "boot/modules.h"
#include "boot/network.h"
#include "boot/power-off.h"
#include "box/box.h"
#include "module/modprobe.h"
#include "session/loop.h"
#include "system/console.h"
#include "system/idle.h"
#include "system/root.h"
#include "wire/port.h"

static struct port port;
static struct box box;
static struct server server = {.port = &port, .box = &box};

_Noreturn static void give_up(const struct err *err);
static void be_unlimited(void);

int main(int argc, char *argv[]) {
    struct err err;

    /* The kernel runs it as `/modprobe -q -- NAME`. */
    if (argc > 1 && strcmp(argv[0], ROOT_MODPROBE) == 0)
        return modprobe(argv[argc - 1]);

    /* Every child inherits this until it is a command: the box's processes can't look into a process that is the
     * agent's. */
    if (prctl(PR_SET_DUMPABLE, 0))
        complain("can't hide the agent's memory from the box's processes");
    int initramfs = root_set_up(&err);
    if (initramfs < 0)
        give_up(&err);
    modules_load(initramfs);
    if (root_seal_initramfs(initramfs, &err))
        give_up(&err);
    be_unlimited();

    /* Whatever does not depend on the box happens before the template is taken, so that no start pays for it. */
    network_prepare();
    disks_prepare();
    idle_prepare();
    if (etc_files_prepare(&err) || box_prepare(&box, &err) || port_open(&port, &err))
        give_up(&err);
    send_ready(&port);

    /* Here the template is taken; the first message is the first thing that happens in a box. */
    if (bootstrap(&port, &box))
        power_off(&port);
    if (serve(&server, &err))
        give_up(&err);
    power_off(&port);
}

_Noreturn static void give_up(const struct err *err) {
    complain("%s", err->msg);
    power_off(&port);
}

/* The box's processes inherit these; the memory killer must never choose PID 1, or the VM panics. */
static void be_unlimited(void) {
    struct rlimit files = {1048576, 1048576}, processes = {RLIM_INFINITY, RLIM_INFINITY};
    struct err ignored;
    write_file("/proc/self/oom_score_adj", "-1000", &ignored);
    setrlimit(RLIMIT_NOFILE, &files);
    setrlimit(RLIMIT_NPROC, &processes);
}
