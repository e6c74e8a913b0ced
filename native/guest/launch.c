#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../common/cleanup.h"
#include "../protocol/protocol.h"
#include "capabilities.h"
#include "command-path.h"
#include "identity-files.h"
#include "in-root.h"
#include "report.h"
#include "terminal.h"
#include "who.h"

static int run(const struct launch *launch, struct err *err);
static int connect_streams(const struct launch *launch, struct err *err);
static int place(int fd, int to);
static int set_limits(const struct exec_request *request, struct err *err);
static int enter_directory(const struct exec_request *request, struct err *err);
static int make_and_enter(const char *cwd, struct err *err);
static int become(const struct exec_request *request, const struct who *who, struct err *err);
static void default_signals(void);

_Noreturn void launch(const struct launch *launch) {
    struct err err;
    run(launch, &err);
    report_failed(launch->report, BL_STAGE_EXEC, &err);
}

/* Returns only when something failed. */
static int run(const struct launch *launch, struct err *err) {
    const struct exec_request *request = launch->request;
    static struct who who; /* several KB: not on the stack */
    static char home[MAX_HOME + 8], path[PATH_MAX];

    setsid();
    if (request->arg_count == 0)
        return err_set(err, EINVAL, "no command specified");
    if (connect_streams(launch, err) || set_limits(request, err) || who_find(request->user, &who, err) ||
        enter_directory(request, err) || become(request, &who, err))
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

static int connect_streams(const struct launch *launch, struct err *err) {
    if (launch->terminal >= 0) {
        int terminal = terminal_open(launch->terminal, err);
        if (terminal < 0)
            return -1;
        for (int to = 0; to <= 2; to++)
            if (place(terminal, to))
                return err_errno(err, "dup");
        return launch->main ? terminal_as_console(launch->terminal, err) : 0;
    }
    cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return err_errno(err, "can't open /dev/null");
    if (place(launch->input < 0 ? null : launch->input, 0) || place(launch->output < 0 ? null : launch->output, 1) ||
        place(launch->error < 0 ? null : launch->error, 2))
        return err_errno(err, "dup");
    return 0;
}

/* The agent's own 0 to 2 are its console, so no stream has such a number and none is overwritten. */
static int place(int fd, int to) { return dup2(fd, to) < 0 ? -1 : 0; }

static int set_limits(const struct exec_request *request, struct err *err) {
    for (uint32_t i = 0; i < request->rlimit_count; i++) {
        const struct rlimit_request *r = &request->rlimits[i];
        struct rlimit limit = {.rlim_cur = r->soft, .rlim_max = r->hard};
        if (r->resource >= RLIM_NLIMITS || setrlimit((__rlimit_resource_t)r->resource, &limit))
            return err_set(err, EINVAL, "can't set resource limit %u", r->resource);
    }
    return 0;
}

static int enter_directory(const struct exec_request *request, struct err *err) {
    const char *cwd = *request->cwd ? request->cwd : "/";
    if (chdir(cwd) == 0)
        return 0;
    if (errno == ENOENT && (request->flags & BL_EXEC_MAKE_CWD))
        return make_and_enter(cwd, err);
    return err_errno(err, "can't change to directory \"%.150s\"", cwd);
}

static int make_and_enter(const char *cwd, struct err *err) {
    cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return err_errno(err, "can't open the box's root");
    cleanup_fd int made = in_root_open(root, cwd, true, err);
    if (made < 0)
        return err_set(err, err->code, "can't make directory \"%.150s\": %s", cwd, strerror(err->code));
    return fchdir(made) ? err_errno(err, "can't change to directory \"%.150s\"", cwd) : 0;
}

static int become(const struct exec_request *request, const struct who *who, struct err *err) {
    uint64_t kept = request->flags & BL_EXEC_PRIVILEGED ? ~UINT64_C(0) : request->capabilities;
    gid_t groups[MAX_USER_GROUPS + 1] = {who->gid};
    memcpy(groups + 1, who->groups, who->group_count * sizeof *groups);

    /* So that the command may open /dev/stdout and its like again. */
    for (int fd = 0; who->uid && fd <= 2; fd++) {
        struct stat st;
        if (fstat(fd, &st) == 0 && !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
            if (fchown(fd, who->uid, (gid_t)-1) && errno != EPERM && errno != EROFS)
                return err_errno(err, "can't give the command its streams");
    }
    if (capabilities_bound(kept, err))
        return -1;
    if (setgroups(who->group_count + 1, groups) || setresgid(who->gid, who->gid, who->gid) ||
        setresuid(who->uid, who->uid, who->uid))
        return err_errno(err, "can't become user %u, group %u", who->uid, who->gid);
    /* Becoming an ordinary user has dropped all capabilities already. */
    return who->uid ? 0 : capabilities_set(kept, err);
}

static void default_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
