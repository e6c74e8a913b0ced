#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/root.h"
#include "../system/text-file.h"

enum { KIB = 1024, MIB = 1 << 20, MEMORY_RESERVE_MIB = 14, TASKS_RESERVE = 256, UNKNOWN_MOST = 1024 };

static void pass_controllers(const char *path);
static int open_group(const char *path, struct err *err);
static int open_to_be_born(const char *path, struct err *err);
static int open_processes(const char *path, struct err *err);
static uint32_t most_tasks(void);

enum { FREEZE_MS = 10000, PATH_BYTES = 4096 };

int cgroup_make(struct err *err) {
    pass_controllers(ROOT_CGROUP "/cgroup.subtree_control");
    if (make_directory(ROOT_OUTER_CGROUP, 0755, err))
        return -1;
    pass_controllers(ROOT_OUTER_CGROUP "/cgroup.subtree_control");
    if (make_directory(ROOT_BOX_CGROUP, 0755, err))
        return -1;
    return 0;
}

int cgroup_open_box(struct err *err) { return open_to_be_born(ROOT_BOX_CGROUP, err); }

int cgroup_open_processes(struct err *err) { return open_processes(ROOT_BOX_CGROUP, err); }

int cgroup_open_of(pid_t pid, int *processes, struct err *err) {
    char file[32], text[PATH_BYTES], path[sizeof ROOT_CGROUP + PATH_BYTES];
    snprintf(file, sizeof file, "/proc/%d/cgroup", pid);
    if (read_text(file, text, sizeof text))
        return err_errno(err, "can't read the cgroup of the box's first process");
    const char *within = strncmp(text, "0::", 3) == 0 ? text + 3 : "";
    snprintf(path, sizeof path, ROOT_CGROUP "%.*s", (int)strcspn(within, "\n"), within);
    if (strncmp(path, ROOT_BOX_CGROUP "/", sizeof ROOT_BOX_CGROUP) != 0 || strlen(text) == sizeof text - 1)
        return err_set(err, EBUSY, "the box's first process is in no cgroup below the box's");
    *processes = open_processes(path, err);
    return *processes < 0 ? -1 : open_to_be_born(path, err);
}

static int open_to_be_born(const char *path, struct err *err) {
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                               MOUNT_ATTR_NOEXEC};
    cleanup_fd int group = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (group < 0 || syscall(SYS_mount_setattr, group, "", AT_EMPTY_PATH, &read_only, sizeof read_only))
        return err_errno(err, "can't open the cgroup %s", path);
    return take_fd(&group);
}

static int open_processes(const char *path, struct err *err) {
    cleanup_fd int group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = group < 0 ? -1 : openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    return fd < 0 ? err_errno(err, "can't open the cgroup %s", path) : fd;
}

int cgroup_open_outer(struct err *err) { return open_group(ROOT_OUTER_CGROUP, err); }

static void pass_controllers(const char *path) {
    static const char *const controllers[] = {"+memory", "+pids", "+cpu", "+cpuset", "+io"};
    struct err ignored;
    for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++)
        write_file(path, controllers[i], &ignored);
}

static int open_group(const char *path, struct err *err) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_errno(err, "can't open the cgroup %s", path) : fd;
}

int cgroup_join(int processes, struct err *err) {
    return write(processes, "0", 1) != 1 ? err_errno(err, "can't join the box's cgroup") : 0;
}

int cgroup_limit_pids(uint32_t max, struct err *err) {
    char text[16];
    uint32_t bearable = most_tasks();
    snprintf(text, sizeof text, "%u", max && max < bearable ? max : bearable);
    return write_file(ROOT_BOX_CGROUP "/pids.max", text, err);
}

int cgroup_limit_memory(struct err *err) {
    char text[4096];
    uint64_t available = read_text("/proc/meminfo", text, sizeof text) ? 0 : text_number(text, "MemAvailable") * KIB;
    uint64_t reserve = MEMORY_RESERVE_MIB * (uint64_t)MIB;
    if (available <= 2 * reserve)
        return 0;
    snprintf(text, sizeof text, "%llu", (unsigned long long)(available - reserve));
    return write_file(ROOT_BOX_CGROUP "/memory.max", text, err);
}

int cgroup_limit(const struct bootstrap *message, struct err *err) {
    for (uint32_t i = 0; i < message->limit_count; i++) {
        const struct setting *limit = &message->limits[i];
        char path[128];
        bool known = strncmp(limit->name, "cpu.", 4) == 0 || strncmp(limit->name, "cpuset.", 7) == 0 ||
                     strncmp(limit->name, "memory.", 7) == 0;
        if (!known || strchr(limit->name, '/'))
            return err_set(err, EINVAL, "a box can't be limited by \"%.100s\"", limit->name);
        snprintf(path, sizeof path, ROOT_BOX_CGROUP "/%.100s", limit->name);
        if (access(path, F_OK))
            return err_set(err, ENOTSUP, "the kernel of the box knows no %.100s", limit->name);
        if (write_file(path, limit->value, err))
            return err_set(err, err->code, "can't set %.60s to \"%.60s\": %s", limit->name, limit->value,
                           strerror(err->code));
    }
    return 0;
}

/* As many as the machine can have, less some for the agent and the kernel: a box that forks without end must not
 * keep them from starting a process. */
static uint32_t most_tasks(void) {
    char text[32];
    uint32_t machine = read_text("/proc/sys/kernel/threads-max", text, sizeof text) ? 0
                                                                                    : (uint32_t)strtoul(text, NULL, 10);
    uint32_t numbers = read_text("/proc/sys/kernel/pid_max", text, sizeof text) ? 0 : (uint32_t)strtoul(text, NULL, 10);
    uint32_t most = numbers && numbers < machine ? numbers : machine;
    return most > 4 * TASKS_RESERVE ? most - TASKS_RESERVE : most > 4 ? most / 4 * 3 : UNKNOWN_MOST;
}

uint64_t cgroup_oom_kills(void) {
    char text[512];
    return read_text(ROOT_BOX_CGROUP "/memory.events", text, sizeof text) ? 0 : text_number(text, "oom_kill");
}

bool cgroup_saw_oom(void) { return cgroup_oom_kills() > 0; }

static unsigned freezers;

int cgroup_freeze(struct err *err) {
    if (freezers == 0 && write_file(ROOT_BOX_CGROUP "/cgroup.freeze", "1", err))
        return -1;
    freezers++;
    return 0;
}

void cgroup_thaw(void) {
    struct err ignored; /* the group is there as long as the agent is */
    if (--freezers == 0)
        write_file(ROOT_BOX_CGROUP "/cgroup.freeze", "0", &ignored);
}

int cgroup_await_frozen(struct err *err) {
    char text[128];
    cleanup_fd int fd = open(ROOT_BOX_CGROUP "/cgroup.events", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "can't read whether the box is frozen");
    for (;;) {
        ssize_t size = pread(fd, text, sizeof text - 1, 0);
        if (size < 0)
            return err_errno(err, "can't read whether the box is frozen");
        text[size] = 0;
        if (strstr(text, "frozen 1"))
            return 0;
        struct pollfd changed = {.fd = fd, .events = POLLPRI};
        if (poll(&changed, 1, FREEZE_MS) == 0)
            return err_set(err, ETIMEDOUT, "the box did not freeze");
    }
}
