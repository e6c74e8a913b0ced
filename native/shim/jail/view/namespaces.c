#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../common/cleanup.h"

/* Its processes, System V objects, names and network are the VMM's alone: nothing of the host's can be named. No
 * cgroup namespace: there is no file system in which the VMM could see one. */
enum { ALL = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET };

static unsigned long flags_of(const struct jail *jail);
static int write_maps(int process, uint32_t base, struct err *err);
static int write_text(int directory, const char *name, const char *text, struct err *err);

pid_t namespaces_fork(const struct jail *jail) {
    if (!(jail->walls & BL_WALL_CGROUP))
        return (pid_t)syscall(SYS_clone, flags_of(jail) | SIGCHLD, NULL, NULL, NULL, NULL);
    /* To move it later would make the kernel wait for all its processors. */
    struct clone_args args = {
        .flags = flags_of(jail) | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned)jail->group};
    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

bool namespaces_clone3_is_filtered(void) {
    /* The kernel itself finds fault with the size. */
    return syscall(SYS_clone3, NULL, 0) < 0 && errno != EINVAL;
}

static unsigned long flags_of(const struct jail *jail) {
    unsigned long flags = 0;
    if (jail->walls & BL_WALL_NAMESPACES)
        flags = ALL;
    else if (config_mounts_shares(jail->config))
        flags = CLONE_NEWNS;
    return flags && jail->id == UNCHANGED_ID ? flags | CLONE_NEWUSER : flags;
}

bool namespaces_has_mounts(const struct jail *jail) { return flags_of(jail) & CLONE_NEWNS; }

/* The caller's files are root's in the box, and what the box makes is the caller's. */
int namespaces_enter(struct jail *jail, struct err *err) {
    if (!(flags_of(jail) & CLONE_NEWUSER))
        return 0;
    /* The ids as they are outside: in the new namespace the child has none yet. */
    char users[64], groups[64];
    snprintf(users, sizeof users, "0 %u 1\n", jail->caller_user);
    snprintf(groups, sizeof groups, "0 %u 1\n", jail->caller_group);
    cleanup_fd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (self < 0)
        return err_errno(err, "can't open /proc/self");
    if (write_text(self, "setgroups", "deny", err) || write_text(self, "gid_map", groups, err) ||
        write_text(self, "uid_map", users, err))
        return -1;
    return 0;
}

int namespaces_own_mounts(struct jail *jail, struct err *err) {
    if (!namespaces_has_mounts(jail))
        return 0;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return err_errno(err, "can't make the VMM's mounts private");
    return 0;
}

/* A namespace needs a first process, which has no other use. The pipe's end ends it, even if the shim dies. */
int namespaces_for_shares(uint32_t base, struct err *err) {
    int gate[2];
    if (pipe2(gate, O_CLOEXEC))
        return err_errno(err, "can't make a pipe for the volumes");
    pid_t holder = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (holder == 0) {
        char byte;
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
    }
    int code = errno, namespace = -1;
    close(gate[0]);
    if (holder < 0) {
        close(gate[1]);
        errno = code;
        return err_errno(err, "can't make a user namespace for the volumes");
    }
    char path[32];
    snprintf(path, sizeof path, "/proc/%d", (int)holder);
    cleanup_fd int process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0)
        err_errno(err, "can't find the user namespace of the volumes");
    else if (write_maps(process, base, err) == 0) {
        cleanup_fd int found = openat(process, "ns/user", O_RDONLY | O_CLOEXEC);
        /* Above the numbers that the VMM's descriptors will take. */
        namespace = found < 0 ? -1 : fcntl(found, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        if (namespace < 0)
            err_errno(err, "can't open the user namespace of the volumes");
    }
    close(gate[1]);
    while (waitpid(holder, NULL, 0) < 0 && errno == EINTR)
        ;
    return namespace;
}

static int write_maps(int process, uint32_t base, struct err *err) {
    char map[64];
    snprintf(map, sizeof map, "0 %u %u\n", base, BL_LIMIT_SHARE_IDS);
    return write_text(process, "gid_map", map, err) || write_text(process, "uid_map", map, err) ? -1 : 0;
}

static int write_text(int directory, const char *name, const char *text, struct err *err) {
    cleanup_fd int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);
    size_t size = strlen(text);
    if (fd < 0 || write(fd, text, size) != (ssize_t)size)
        return err_errno(err, "can't write %s of the VMM's user namespace", name);
    return 0;
}
