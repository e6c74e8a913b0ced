#include "call.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/in-root.h"
#include "../system/text-file.h"

static int read_path(pid_t thread, uint64_t address, char path[PATH_MAX]);
static int read_identity(pid_t thread, struct call *call);
static const char *field(const char *status, const char *name);

int call_read(pid_t thread, const uint64_t arguments[3], struct call *call) {
    char path[PATH_MAX], link[40], directory[PATH_MAX];
    if (read_path(thread, arguments[1], path) || read_identity(thread, call))
        return -1;
    call->inotify = (int)arguments[0];
    call->mask = (uint32_t)arguments[2];
    if (*path == '/') {
        snprintf(call->path, sizeof call->path, "%s", path);
        return 0;
    }
    snprintf(link, sizeof link, "/proc/%d/cwd", (int)thread);
    ssize_t size = readlink(link, directory, sizeof directory);
    if (!*path || size < 0 || size == sizeof directory)
        return -1;
    snprintf(call->path, sizeof call->path, "%.*s/%s", (int)size, directory, path);
    return 0;
}

int call_open(const struct call *call) {
    char link[40];
    snprintf(link, sizeof link, "/proc/%d/root", (int)call->process);
    cleanup_fd int root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root < 0 ? -1 : in_root_at(root, call->path, O_PATH | (call->mask & IN_DONT_FOLLOW ? O_NOFOLLOW : 0u));
}

/* As the caller for a moment; by the caller's user alone, as with access(2), root may read everything. */
bool call_may_read(const struct call *call, int fd) {
    if (setgroups(call->group_count, call->groups))
        return false;
    setfsgid(call->group);
    setfsuid(call->user);
    bool may = syscall(SYS_faccessat2, fd, "", R_OK, AT_EACCESS | AT_EMPTY_PATH) == 0;
    setfsuid(0);
    setfsgid(0);
    return may;
}

int call_add_watch(const struct call *call, int directory, const char *name) {
    cleanup_fd int process = (int)syscall(SYS_pidfd_open, call->process, 0);
    cleanup_fd int inotify = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, call->inotify, 0);
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
    call->process = (pid_t)strtol(process, NULL, 10);
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
    return 0;
}

static const char *field(const char *status, const char *name) {
    const char *found = strstr(status, name);
    return found ? found + strlen(name) + strspn(found + strlen(name), "\t ") : NULL;
}
