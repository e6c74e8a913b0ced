#include "call.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/console.h"
#include "../system/text-file.h"

static int read_path(pid_t thread, uint64_t address, char path[PATH_MAX]);
static int read_identity(pid_t thread, struct call *call);
static const char *field(const char *status, const char *name);
static int open_link(pid_t thread, const char *name);
static int become(const struct call *call);
static void become_root(void);

int call_read(pid_t thread, const uint64_t arguments[3], struct call *call) {
    call->process = call->root = call->directory = -1;
    call->inotify = (int)arguments[0];
    call->mask = (uint32_t)arguments[2];
    if (read_path(thread, arguments[1], call->path) || read_identity(thread, call))
        return -1;
    call->root = open_link(thread, "root");
    call->directory = open_link(thread, *call->path == '/' ? "root" : "cwd");
    return call->root < 0 || call->directory < 0 ? -1 : 0;
}

void call_close(struct call *call) {
    const int fds[] = {call->process, call->root, call->directory};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* With the caller's root as ours, "..", absolute links and a path from outside of that root lead where they lead the
 * caller. A link of /proc would lead to what is ours. */
int call_open(const struct call *call) {
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
    int file = -1;
    if (call->mask & IN_DONT_FOLLOW)
        how.flags |= O_NOFOLLOW;
    cleanup_fd int own = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (own < 0 || fchdir(call->root) || chroot("."))
        return -1;
    if (fchdir(call->directory) == 0 && become(call) == 0) {
        file = (int)syscall(SYS_openat2, AT_FDCWD, call->path, &how, sizeof how);
        become_root();
    }
    if (fchdir(own) || chroot(".")) {
        complain("can't leave the root of a process of the box");
        _exit(1);
    }
    return file;
}

bool call_may_read(const struct call *call, int fd) {
    if (become(call))
        return false;
    bool may = syscall(SYS_faccessat2, fd, "", R_OK, AT_EACCESS | AT_EMPTY_PATH) == 0;
    become_root();
    return may;
}

int call_add_watch(const struct call *call, int directory, const char *name) {
    cleanup_fd int inotify = (int)syscall(SYS_pidfd_getfd, call->process, call->inotify, 0);
    if (inotify < 0 || fchdir(directory))
        return -errno;
    int watch = inotify_add_watch(inotify, name, call->mask & ~(uint32_t)IN_DONT_FOLLOW);
    return watch < 0 ? -errno : watch;
}

static int read_path(pid_t thread, uint64_t address, char path[PATH_MAX]) {
    char name[40];
    snprintf(name, sizeof name, "/proc/%d/mem", (int)thread);
    cleanup_fd int memory = open(name, O_RDONLY | O_CLOEXEC);
    /* The path may end right before memory that is not there. */
    size_t size = 0;
    while (memory >= 0 && size < PATH_MAX) {
        size_t page = 4096 - (size_t)((address + size) % 4096), left = PATH_MAX - size;
        ssize_t got = pread(memory, path + size, page < left ? page : left, (off_t)(address + size));
        if (got <= 0)
            return -1;
        if (memchr(path + size, 0, (size_t)got))
            return 0;
        size += (size_t)got;
    }
    return -1;
}

static int read_identity(pid_t thread, struct call *call) {
    char name[40], status[8192];
    unsigned user, group;
    snprintf(name, sizeof name, "/proc/%d/status", (int)thread);
    if (read_text(name, status, sizeof status))
        return -1;
    const char *process = field(status, "\nTgid:"), *users = field(status, "\nUid:");
    const char *groups = field(status, "\nGid:"), *others = field(status, "\nGroups:");
    if (!process || !users || !groups || !others || sscanf(users, "%*u %*u %*u %u", &user) != 1 ||
        sscanf(groups, "%*u %*u %*u %u", &group) != 1)
        return -1;
    call->process = (int)syscall(SYS_pidfd_open, (pid_t)strtol(process, NULL, 10), 0);
    call->user = user;
    call->group = group;
    call->group_count = 0;
    while (call->group_count < MOST_GROUPS) {
        char *after;
        others += strspn(others, " ");
        unsigned long id = strtoul(others, &after, 10);
        if (after == others || *others == '\n')
            break;
        call->groups[call->group_count++] = (gid_t)id;
        others = after;
    }
    return call->process < 0 ? -1 : 0;
}

static const char *field(const char *status, const char *name) {
    const char *found = strstr(status, name);
    return found ? found + strlen(name) + strspn(found + strlen(name), "\t ") : NULL;
}

static int open_link(pid_t thread, const char *name) {
    char link[40];
    snprintf(link, sizeof link, "/proc/%d/%s", (int)thread, name);
    return open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Takes the caller's rights over files; by its user alone, as with access(2), root may do everything. */
static int become(const struct call *call) {
    if (setgroups(call->group_count, call->groups))
        return -1;
    setfsgid(call->group);
    setfsuid(call->user);
    return 0;
}

static void become_root(void) {
    setfsuid(0);
    setfsgid(0);
}
