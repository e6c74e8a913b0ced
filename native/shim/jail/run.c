#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../common/privileges.h"
#include "../../protocol/protocol.h"
#include "base/descriptors.h"
#include "rights/files.h"
#include "rights/user.h"
#include "rights/vmm-filter.h"
#include "rights/volumes-filter.h"
#include "view/given-files.h"
#include "view/namespaces.h"
#include "view/root.h"
#include "view/volumes.h"

static int die_with_parent(struct jail *jail, struct err *err);
static int own_session(struct jail *jail, struct err *err);
static int default_signals(struct jail *jail, struct err *err);
static int own_keyring(struct jail *jail, struct err *err);
static int only_given_descriptors(struct jail *jail, struct err *err);
static int leave_directory(struct jail *jail, struct err *err);
static int lower_limits(struct jail *jail, struct err *err);
static const char *what_is_limited(uint32_t resource);
static int no_new_privileges(struct jail *jail, struct err *err);
static int become_vmm(struct jail *jail, struct err *err);
_Noreturn static void report(const struct jail *jail, uint32_t stage, uint32_t wall, const struct err *err);

/* Their order matters: mounts need rights that the change of user takes away, that change takes away the signal of the
 * parent's death, and Landlock and filters ask for no_new_privileges. */
void jail_run(struct jail *jail) {
    static const struct {
        int (*build)(struct jail *, struct err *);
        uint32_t wall; /* that falls with it */
    } steps[] = {
        {die_with_parent, 0},
        {own_session, 0},
        {default_signals, 0},
        {namespaces_enter, BL_WALL_NAMESPACES},
        {namespaces_own_mounts, BL_WALL_NAMESPACES},
        {own_keyring, 0},
        {given_files_reopen, BL_WALL_ROOT},
        {root_begin, BL_WALL_ROOT},
        {volumes_assemble, 0},
        {root_enter, BL_WALL_ROOT},
        {only_given_descriptors, 0},
        {leave_directory, 0},
        {lower_limits, 0},
        {user_become, 0},
        {die_with_parent, 0},
        {no_new_privileges, 0},
        {files_restrict, BL_WALL_LANDLOCK},
        {vmm_filter, 0},
        {volumes_filter, 0},
    };
    struct err err;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].build(jail, &err))
            report(jail, BL_STAGE_JAIL, jail->walls & steps[i].wall, &err);
    become_vmm(jail, &err);
    report(jail, BL_STAGE_VMM, 0, &err);
}

/* A killed shim takes its VMM along: nothing else would ever end it. A parent that died before the call sends no
 * signal, but it has let go of the pipe's other end. */
static int die_with_parent(struct jail *jail, struct err *err) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL))
        return err_errno(err, "can't tie the VMM's life to its supervisor's");
    struct pollfd reader = {.fd = jail->report_fd};
    if (poll(&reader, 1, 0) > 0 && (reader.revents & POLLERR))
        return err_set(err, ESRCH, "the VMM's supervisor has ended");
    return 0;
}

/* So that a signal to the shim's group, from a terminal for one, does not reach the VMM. */
static int own_session(struct jail *jail, struct err *err) {
    (void)jail;
    return setsid() < 0 ? err_errno(err, "can't give the VMM a session of its own") : 0;
}

/* The shim blocks and ignores signals for its own loop; the VMM would inherit both. */
static int default_signals(struct jail *jail, struct err *err) {
    (void)jail;
    sigset_t none;
    sigemptyset(&none);
    if (signal(SIGPIPE, SIG_DFL) == SIG_ERR || sigprocmask(SIG_SETMASK, &none, NULL))
        return err_errno(err, "can't reset the VMM's signals");
    /* A write beyond the limit of a file's size then fails, and does not kill the VMM. */
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
        return err_errno(err, "can't reset the VMM's signals");
    return 0;
}

static int own_keyring(struct jail *jail, struct err *err) {
    (void)jail;
    return privileges_own_keyring(err);
}

/* Every other descriptor would be a way out: the shim's sockets, its lock, what the engine had open. */
static int only_given_descriptors(struct jail *jail, struct err *err) {
    return descriptors_place(jail->fds, jail->fd_count, &jail->report_fd, err);
}

/* So that the box's directory can be removed, and no relative path leads into it. */
static int leave_directory(struct jail *jail, struct err *err) {
    (void)jail;
    return chdir("/") ? err_errno(err, "can't take the VMM out of the box's directory") : 0;
}

static int lower_limits(struct jail *jail, struct err *err) {
    const struct config *config = jail->config;
    for (uint32_t i = 0; i < config->rlimit_count; i++) {
        const struct limit *limit = &config->rlimits[i];
        struct rlimit value = {.rlim_cur = limit->soft, .rlim_max = limit->hard};
        if (setrlimit((__rlimit_resource_t)limit->resource, &value))
            return err_errno(err, "can't limit %s of the VMM", what_is_limited(limit->resource));
    }
    return 0;
}

static const char *what_is_limited(uint32_t resource) {
    static const char *const names[] = {
        [RLIMIT_FSIZE] = "the files' size (ulimit -f)",       [RLIMIT_DATA] = "the memory (ulimit -d)",
        [RLIMIT_CORE] = "the core files (ulimit -c)",         [RLIMIT_NPROC] = "the threads (ulimit -u)",
        [RLIMIT_NOFILE] = "the open files (ulimit -n)",       [RLIMIT_MEMLOCK] = "the locked memory (ulimit -l)",
        [RLIMIT_MSGQUEUE] = "the message queues (ulimit -q)",
    };
    const char *name = resource < sizeof names / sizeof *names ? names[resource] : NULL;
    return name ? name : "a resource";
}

/* No set-user-ID program of the host gives rights back. */
static int no_new_privileges(struct jail *jail, struct err *err) {
    (void)jail;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? err_errno(err, "can't keep the VMM from new privileges") : 0;
}

/* The environment is the configuration's alone, without any of the caller's variables. */
static int become_vmm(struct jail *jail, struct err *err) {
    const struct config *config = jail->config;
    /* By descriptor: LD_PRELOAD is split at spaces and colons, which a path may hold, and the VMM's user may not be
     * able to reach the path. */
    char preload[64];
    if (*config->preload) {
        snprintf(preload, sizeof preload, "LD_PRELOAD=/proc/self/fd/%d", PRELOAD_FD);
        config->env[config->env_count] = preload;
    }
    /* What comes after this byte is exec's failure; if the pipe closes without it, the child was killed before. */
    if (write(jail->report_fd, "", JAIL_MARK_BYTES) != JAIL_MARK_BYTES)
        return err_errno(err, "can't report that the jail is built");
    execve(config->argv[0], config->argv, config->env);
    return err_errno(err, "can't run %.150s", config->argv[0]);
}

static void report(const struct jail *jail, uint32_t stage, uint32_t wall, const struct err *err) {
    struct jail_failure failure = {.stage = stage, .wall = wall, .err = *err};
    _exit(write(jail->report_fd, &failure, sizeof failure) == (ssize_t)sizeof failure ? 1 : 2);
}
