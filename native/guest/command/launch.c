#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../protocol/protocol.h"
#include "../proc/report.h"
#include "../system/in-root.h"
#include "capabilities.h"
#include "command-path.h"
#include "identity-files.h"
#include "seccomp/seccomp.h"
#include "terminal.h"
#include "who.h"

static int execute(const struct launch *launch, struct err *err);
static int open_root(void);
static int connect_streams(const struct launch *launch, int root, struct err *err);
static int connect_terminal(const struct launch *launch, struct err *err);
static int set_limits(const struct exec_request *request, struct err *err);
static int enter_directory(const struct exec_request *request, int root, struct err *err);
static int open_directory(int root, const char *cwd, bool may_make, struct err *err);
static int become(const struct launch *launch, const struct who *user, struct err *err);
static void default_signals(void);

static struct who who; /* several KB: not on the stack */

_Noreturn void launch(const struct launch *launch) {
    struct err err;
    if (launch_prepare(launch, &err))
        report_failed(launch->report, BL_STAGE_EXEC, &err);
    launch_execute(launch);
}

int launch_prepare(const struct launch *launch, struct err *err) {
    const struct exec_request *request = launch->request;
    cleanup_fd int root = open_root();
    if (root < 0)
        return err_errno(err, "can't open the box's root");
    if (connect_streams(launch, root, err) ||
        who_find(request->user, request->groups, request->group_count, &who, err) ||
        enter_directory(request, root, err) || set_limits(request, err))
        return -1;
    return become(launch, &who, err);
}

_Noreturn void launch_execute(const struct launch *launch) {
    struct err err;
    execute(launch, &err);
    report_failed(launch->report, BL_STAGE_EXEC, &err);
}

/* Returns only when something failed. */
static int execute(const struct launch *launch, struct err *err) {
    const struct exec_request *request = launch->request;
    static char home[MAX_HOME + 8], path[PATH_MAX];

    setsid();
    if (request->arg_count == 0)
        return err_set(err, EINVAL, "no command specified");
    if (launch->terminal >= 0 && terminal_control(STDIN_FILENO, err))
        return -1;

    const char *search = env_value(request->env, "PATH");
    if (!env_value(request->env, "HOME")) {
        snprintf(home, sizeof home, "HOME=%s", who.home);
        request->env[request->env_count] = home;
        request->env[request->env_count + 1] = NULL;
    }
    if (command_path(request->argv[0], search ? search : DEFAULT_PATH, path, sizeof path, err))
        return -1;
    default_signals();
    report_starting(launch->report);
    execve(path, (char *const *)(void *)request->argv, (char *const *)(void *)request->env);
    if (errno == ENOEXEC)
        return err_set(err, ENOEXEC, "exec %.200s: exec format error", path);
    if (errno == ENOENT) /* the file is there, so it is its interpreter that is not */
        return err_set(err, ENOENT, "exec %.200s: no such file or directory", path);
    return err_set(err, errno, "exec %.200s: %s", path, errno == EACCES ? "permission denied" : strerror(errno));
}

uint64_t launch_capabilities(const struct exec_request *request) {
    return request->flags & BL_EXEC_PRIVILEGED ? ~UINT64_C(0) : request->capabilities;
}

bool launch_may_trace(const struct exec_request *request) {
    return !(request->flags & BL_EXEC_PRIVILEGED) && request->capabilities >> CAP_SYS_PTRACE & 1;
}

/* Takes the numbers of missing streams as well until those are open: the next file opened would get them. */
static int open_root(void) {
    int fd;
    do
        fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd;
}

/* The box may have put anything in the place of its null device: it is opened without an effect, and must be that
 * device. */
static int connect_streams(const struct launch *launch, int root, struct err *err) {
    const int given[] = {launch->input, launch->output, launch->error};
    if (launch->terminal >= 0)
        return connect_terminal(launch, err);
    if (launch->input >= 0 && launch->output >= 0 && launch->error >= 0)
        return 0;
    cleanup_fd int null = in_root_at(root, "/dev/null", O_RDWR | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    if (null < 0 || fstat(null, &st))
        return err_errno(err, "can't open /dev/null");
    if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
        return err_set(err, ENODEV, "/dev/null is not the null device");
    if (fcntl(null, F_SETFL, O_RDWR))
        return err_errno(err, "can't open /dev/null");
    for (int to = 0; to <= STDERR_FILENO; to++)
        if (given[to] < 0 && dup2(null, to) < 0)
            return err_errno(err, "can't give the command its streams");
    return 0;
}

static int connect_terminal(const struct launch *launch, struct err *err) {
    cleanup_fd int terminal = terminal_open(launch->terminal, err);
    if (terminal < 0)
        return -1;
    for (int to = 0; to <= STDERR_FILENO; to++)
        if (dup2(terminal, to) < 0)
            return err_errno(err, "can't give the command its terminal");
    return launch->main ? terminal_as_console(launch->terminal, err) : 0;
}

/* In the words of the option that asks for it. */
static int refuse_limit(const struct rlimit_request *r, struct err *err) {
    static const char *const names[] = {
        [RLIMIT_CPU] = "cpu",           [RLIMIT_FSIZE] = "fsize",
        [RLIMIT_DATA] = "data",         [RLIMIT_STACK] = "stack",
        [RLIMIT_CORE] = "core",         [RLIMIT_RSS] = "rss",
        [RLIMIT_NPROC] = "nproc",       [RLIMIT_NOFILE] = "nofile",
        [RLIMIT_MEMLOCK] = "memlock",   [RLIMIT_AS] = "as",
        [RLIMIT_LOCKS] = "locks",       [RLIMIT_SIGPENDING] = "sigpending",
        [RLIMIT_MSGQUEUE] = "msgqueue", [RLIMIT_NICE] = "nice",
        [RLIMIT_RTPRIO] = "rtprio",     [RLIMIT_RTTIME] = "rttime",
    };
    const char *name = r->resource < sizeof names / sizeof *names ? names[r->resource] : NULL;
    return err_set(err, EINVAL, "--ulimit %s=%llu:%llu: the kernel of the box refuses it, it may be too high",
                   name ? name : "of an unknown kind", (unsigned long long)r->soft, (unsigned long long)r->hard);
}

static int set_limits(const struct exec_request *request, struct err *err) {
    for (uint32_t i = 0; i < request->rlimit_count; i++) {
        const struct rlimit_request *r = &request->rlimits[i];
        struct rlimit limit = {.rlim_cur = r->soft, .rlim_max = r->hard};
        if (r->resource >= RLIM_NLIMITS || setrlimit((__rlimit_resource_t)r->resource, &limit))
            return refuse_limit(r, err);
    }
    return 0;
}

/* A link of /proc may lead where no path does, and the box can follow us: its processes read our directory and go up
 * from it. */
static int enter_directory(const struct exec_request *request, int root, struct err *err) {
    const char *cwd = *request->cwd ? request->cwd : "/";
    char seen[PATH_MAX];
    cleanup_fd int directory = open_directory(root, cwd, request->flags & BL_EXEC_MAKE_CWD, err);
    if (directory < 0)
        return -1;
    if (fchdir(directory))
        return err_errno(err, "can't change to directory \"%.150s\"", cwd);
    if (syscall(SYS_getcwd, seen, sizeof seen) < 0 || *seen != '/')
        return err_set(err, EACCES, "can't change to directory \"%.150s\": it is not in the box", cwd);
    return 0;
}

static int open_directory(int root, const char *cwd, bool may_make, struct err *err) {
    int directory = in_root_at(root, cwd, O_PATH | O_DIRECTORY);
    if (directory >= 0)
        return directory;
    if (errno == ELOOP)
        return err_set(err, ELOOP, "can't change to directory \"%.150s\": its links go round, or one is /proc's own",
                       cwd);
    if (errno != ENOENT || !may_make)
        return err_errno(err, "can't change to directory \"%.150s\"", cwd);
    directory = in_root_open(root, cwd, true, err);
    if (directory < 0)
        return err_set(err, err->code, "can't make directory \"%.150s\": %s", cwd, strerror(err->code));
    return directory;
}

static int become(const struct launch *launch, const struct who *user, struct err *err) {
    const struct exec_request *request = launch->request;
    uint64_t kept = launch_capabilities(request);
    gid_t groups[MAX_USER_GROUPS + 1] = {user->gid};
    memcpy(groups + 1, user->groups, user->group_count * sizeof *groups);

    /* So that the command may open /dev/stdout and its like again. */
    for (int fd = 0; user->uid && fd <= 2; fd++) {
        struct stat st;
        if (fstat(fd, &st) == 0 && !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
            if (fchown(fd, user->uid, (gid_t)-1) && errno != EPERM && errno != EROFS)
                return err_errno(err, "can't give the command its streams");
    }
    if (capabilities_bound(kept, err) || (!launch->confined && seccomp_confine(request, kept, err)))
        return -1;
    if (setgroups(user->group_count + 1, groups) || setresgid(user->gid, user->gid, user->gid) ||
        setresuid(user->uid, user->uid, user->uid))
        return err_errno(err, "can't become user %u, group %u", user->uid, user->gid);
    /* Becoming an ordinary user has dropped all capabilities already. */
    return user->uid ? 0 : capabilities_set(kept, err);
}

static void default_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
