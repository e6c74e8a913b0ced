#include "volumes-user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../common/cleanup.h"

/* What root of the box needs over its own files. Over files of others these give nothing, because a capability
 * counts only where the file's ids are mapped. The right to set file capabilities, to make nodes or to mount is
 * not among them. */
static const unsigned kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID};

static int hold_namespace(uint32_t base, struct err *err);
static int write_maps(int process, uint32_t base, struct err *err);
static int enter_as_caller(struct err *err);
static int write_text(int directory, const char *name, const char *text, struct err *err);
static int drop_capabilities(struct err *err);

int volumes_user_prepare(struct jail *jail, struct err *err) {
    if (jail->id == UNCHANGED_ID)
        return enter_as_caller(err);
    jail->user_namespace = hold_namespace(jail->id, err);
    return jail->user_namespace < 0 ? -1 : 0;
}

int volumes_user(struct jail *jail, struct err *err) {
    const struct config *config = jail->config;
    if (!config->share_count)
        return 0;
    /* mkdir itself must set a directory's mode: below one with set-group-ID chmod can't do so afterwards. */
    umask(0);
    if (config->shares[0].flags & BL_SHARE_DIRECT)
        return 0;
    if (jail->user_namespace >= 0) {
        if (setns(jail->user_namespace, CLONE_NEWUSER))
            return err_errno(err, "can't run the VMM in the user namespace of its volumes");
        /* Until here the child is root of the host. Groups first: the new user can't change them. */
        if (setgroups(0, NULL) || setresgid(0, 0, 0) || setresuid(0, 0, 0))
            return err_errno(err, "can't run the VMM as the owner of its volumes");
    }
    return drop_capabilities(err);
}

/* A namespace needs a first process, which has no other use. The pipe's end ends it, even if the shim dies. */
static int hold_namespace(uint32_t base, struct err *err) {
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

/* The caller's files are root's in the box, and what the box makes is the caller's. */
static int enter_as_caller(struct err *err) {
    char users[64], groups[64];
    snprintf(users, sizeof users, "0 %u 1\n", geteuid());
    snprintf(groups, sizeof groups, "0 %u 1\n", getegid());
    if (unshare(CLONE_NEWUSER))
        return err_errno(err, "can't make a user namespace for the volumes");
    cleanup_fd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (self < 0)
        return err_errno(err, "can't open /proc/self");
    if (write_text(self, "setgroups", "deny", err) || write_text(self, "gid_map", groups, err) ||
        write_text(self, "uid_map", users, err))
        return -1;
    return 0;
}

static int write_text(int directory, const char *name, const char *text, struct err *err) {
    cleanup_fd int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);
    size_t size = strlen(text);
    if (fd < 0 || write(fd, text, size) != (ssize_t)size)
        return err_errno(err, "can't write %s of the volumes' user namespace", name);
    return 0;
}

static int drop_capabilities(struct err *err) {
    uint32_t bits = 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        bits |= 1U << kept[i];
    /* From the bounding set as well, or exec as root would restore them. EINVAL: the kernel knows no more. */
    for (unsigned i = 0; i < 64; i++)
        if (!(i < 32 && (bits & (1U << i))) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) && errno != EINVAL)
            return err_errno(err, "can't take the capabilities from the VMM");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
        return err_errno(err, "can't take the capabilities from the VMM");
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = bits, .permitted = bits}, {0}};
    return syscall(SYS_capset, &header, data) ? err_errno(err, "can't take the capabilities from the VMM") : 0;
}
