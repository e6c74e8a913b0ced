#include "stage.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../../protocol/protocol.h"
#include "../../system/root.h"

enum { QUIET = MS_NOSUID | MS_NODEV | MS_NOEXEC };

static const char *const masked[] = {
    "proc/asound",      "proc/acpi",          "proc/interrupts", "proc/kcore",
    "proc/keys",        "proc/latency_stats", "proc/timer_list", "proc/timer_stats",
    "proc/sched_debug", "proc/scsi",          "sys/firmware",    "sys/devices/virtual/powercap",
};
static const char *const read_only[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};
static const struct {
    const char *name;
    unsigned major, minor;
} devices[] = {
    {"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};
static const struct {
    const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},      {"ptmx", "pts/ptmx"},
};

static int build_dev(bool privileged, struct err *err);
static int mask(const char *path, struct err *err);
static int make_read_only(const char *path, struct err *err);

int stage_build(uint32_t box_flags, struct err *err) {
    bool privileged = box_flags & BL_BOX_PRIVILEGED, masks = !(box_flags & (BL_BOX_PRIVILEGED | BL_BOX_UNMASKED));
    unsigned long sys_flags = QUIET | (privileged ? 0 : MS_RDONLY);
    if (chdir(ROOT_STAGE))
        return err_errno(err, "can't go to the stage of the box's root");
    if (!masks) { /* what was staged before this was known must go: sysfs can't be mounted over itself */
        umount2("proc", MNT_DETACH);
        umount2("sys", MNT_DETACH);
        umount2("dev", MNT_DETACH);
    }
    if (make_directory("proc", 0755, err) || make_directory("sys", 0755, err) || make_directory("dev", 0755, err) ||
        mount_at("proc", "proc", "proc", QUIET, NULL, err) || mount_at("sysfs", "sys", "sysfs", sys_flags, NULL, err) ||
        mount_at("cgroup", "sys/fs/cgroup", "cgroup2", sys_flags | MS_RELATIME, NULL, err) ||
        build_dev(privileged, err))
        return -1;
    for (size_t i = 0; masks && i < sizeof masked / sizeof *masked; i++)
        if (mask(masked[i], err))
            return -1;
    for (size_t i = 0; masks && i < sizeof read_only / sizeof *read_only; i++)
        if (make_read_only(read_only[i], err))
            return -1;
    return 0;
}

static int build_dev(bool privileged, struct err *err) {
    const char *type = privileged ? "devtmpfs" : "tmpfs";
    if (mount_at(type, "dev", type, MS_NOSUID | (privileged ? 0 : MS_STRICTATIME),
                 privileged ? "mode=755" : "mode=755,size=65536k", err))
        return -1;
    umask(0);
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        char path[32] = "dev/";
        strcat(path, devices[i].name);
        if (mknod(path, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)) && errno != EEXIST)
            return err_errno(err, "can't make /%s", path);
    }
    umask(022);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        char path[32] = "dev/";
        strcat(path, links[i].name);
        if (privileged)
            unlink(path); /* devtmpfs's own ptmx would open the agent's terminals */
        if (symlink(links[i].target, path) && errno != EEXIST)
            return err_errno(err, "can't make /%s", path);
    }
    if (make_directory("dev/pts", 0755, err) || make_directory("dev/shm", 0755, err) ||
        make_directory("dev/mqueue", 0755, err) || mount_at(ROOT_TERMINALS, "dev/pts", NULL, MS_BIND, NULL, err) ||
        mount_at("shm", "dev/shm", "tmpfs", QUIET, "mode=1777,size=65536k", err))
        return -1;
    return mount_at("mqueue", "dev/mqueue", "mqueue", QUIET, NULL, err);
}

/* A file is hidden by /dev/null, a directory by an empty one. */
static int mask(const char *path, struct err *err) {
    struct stat st;
    if (lstat(path, &st))
        return 0;
    if (S_ISDIR(st.st_mode))
        return mount_at("tmpfs", path, "tmpfs", MS_RDONLY, "size=0k", err);
    return mount_at("dev/null", path, NULL, MS_BIND, NULL, err);
}

static int make_read_only(const char *path, struct err *err) {
    struct stat st;
    if (lstat(path, &st))
        return 0;
    if (mount_at(path, path, NULL, MS_BIND | MS_REC, NULL, err))
        return -1;
    return mount_at(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | QUIET, NULL, err);
}
