#include "jail.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/landlock.h"
#include "../../common/privileges.h"
#include "empty-root.h"

static int lower_limits(const struct jail *jail, struct err *err);
static int become(uint32_t user, struct err *err);
static int restrict_files(const struct jail *jail, struct err *err);

int jail_enter(const struct jail *jail, uint32_t user, struct err *err) {
    int with_parent = 0;
    (void)prctl(PR_GET_PDEATHSIG, &with_parent);
    if (chdir("/"))
        return err_errno(err, "can't leave the directory");
    if (lower_limits(jail, err) || privileges_own_keyring(err))
        return -1;
    empty_root_enter(jail->namespaces, user == JAIL_SAME_USER);
    /* Those of a root that stays root, too: with CAP_NET_ADMIN an ioctl would configure the host's network. */
    if (privileges_bound(0, err) || (user != JAIL_SAME_USER && become(user, err)) || privileges_set(0, err))
        return -1;
    /* A change of user or rights clears it. A parent that is gone by now has closed our first connection. */
    if (prctl(PR_SET_PDEATHSIG, with_parent))
        return err_errno(err, "can't tie its life to the shim's");
    /* No process of the same user may look into this one, either. */
    if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return err_errno(err, "can't renounce new privileges");
    if (restrict_files(jail, err))
        return -1;
    struct sock_fprog program = {.len = jail->call_count, .filter = jail->calls};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
        return err_errno(err, "can't filter its system calls");
    return 0;
}

/* Each connection costs a descriptor and its buffers: both are bounded, whatever a box does. */
static int lower_limits(const struct jail *jail, struct err *err) {
    const struct process_limit limits[] = {{RLIMIT_NOFILE, jail->descriptors, "open files (ulimit -n)"},
                                           {RLIMIT_DATA, jail->data_bytes, "memory (ulimit -d)"},
                                           {RLIMIT_CORE, 0, "core files (ulimit -c)"},
                                           {RLIMIT_FSIZE, jail->file_bytes, "files' size (ulimit -f)"}};
    return privileges_limit(limits, sizeof limits / sizeof *limits, err);
}

static int become(uint32_t user, struct err *err) {
    if (setgroups(0, NULL) || setresgid(user, user, user) || setresuid(user, user, user))
        return err_errno(err, "can't run as user %u (only root can)", user);
    return 0;
}

/* No rule: no file. */
static int restrict_files(const struct jail *jail, struct err *err) {
    struct landlock landlock = {.leaves_tcp = jail->connects};
    if (landlock_begin(&landlock))
        return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM ? 0 : err_errno(err, "can't use Landlock");
    return landlock_enforce(&landlock) ? err_errno(err, "can't use Landlock") : 0;
}
