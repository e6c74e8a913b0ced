#include "own-jail.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/landlock.h"
#include "../../common/privileges.h"
#include "calls.h"

/* More than the queues of all its clients may hold, and than it has open. */
static const rlim_t most_memory = (rlim_t)32 << 30;
enum { MOST_FILES = 1024 };

static int enter(struct shim *shim, struct err *err);
static int lower_limits(struct err *err);
static int drop_capabilities(const struct shim *shim, struct err *err);
static uint32_t held(void);
static int restrict_files(struct shim *shim, struct err *err);
static int do_without(struct shim *shim, struct err *err);

int own_jail_enter(struct shim *shim, struct err *err) {
    if (!(shim->config.walls & (BL_WALL_SHIM_CALLS | BL_WALL_SHIM_LANDLOCK)))
        return 0;
    uint32_t reached = shim->stage;
    shim->stage = BL_STAGE_JAIL;
    if (enter(shim, err))
        return -1;
    shim->stage = reached;
    return 0;
}

static int enter(struct shim *shim, struct err *err) {
    const bool locked = shim->config.walls & BL_WALL_SHIM_CALLS;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return err_errno(err, "can't keep the shim from new privileges");
    /* No process of the same user may look into this one, either. */
    if (locked && prctl(PR_SET_DUMPABLE, 0))
        return err_errno(err, "can't close the shim's memory to others");
    if (locked && (lower_limits(err) || privileges_own_keyring(err) || drop_capabilities(shim, err)))
        return -1;
    if (restrict_files(shim, err))
        return -1;
    return locked ? calls_filter(shim, err) : 0;
}

static int lower_limits(struct err *err) {
    const struct process_limit limits[] = {{RLIMIT_CORE, 0, "core files (ulimit -c)"},
                                           {RLIMIT_NPROC, 0, "processes (ulimit -u)"},
                                           {RLIMIT_NOFILE, MOST_FILES, "open files (ulimit -n)"},
                                           {RLIMIT_DATA, most_memory, "memory (ulimit -d)"}};
    return privileges_limit(limits, sizeof limits / sizeof *limits, err);
}

/* Of root's, that is: other users have none. */
static int drop_capabilities(const struct shim *shim, struct err *err) {
    uint32_t kept = 0;
    struct stat directory;
    /* Its children have other users. */
    if (*shim->config.id_directory)
        kept |= 1U << CAP_KILL;
    /* notify/watches.c looks itself at what the VMM may read. */
    if (shim->watches)
        kept |= 1U << CAP_DAC_READ_SEARCH;
    /* A box that another user has made, and that root has started. */
    if (stat(".", &directory) || directory.st_uid != geteuid())
        kept |= 1U << CAP_DAC_OVERRIDE;
    kept &= held();
    return privileges_bound(0, err) || privileges_set(kept, err) ? -1 : 0;
}

static uint32_t held(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}, {0}};
    return syscall(SYS_capget, &header, sets) ? 0 : sets[0].permitted;
}

/* A file that it has open it may go on to use. Its children are outside of this, so it must be able to signal them:
 * the filter names them. Paths that it watches are opened without a right to what is in them. */
static int restrict_files(struct shim *shim, struct err *err) {
    enum {
        IN_DIRECTORY = LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE | LANDLOCK_TRUNCATE | LANDLOCK_READ_DIR |
        LANDLOCK_MAKE_FILE | LANDLOCK_REMOVE_FILE
    };
    struct landlock landlock = {.leaves_signals = true};
    if (!(shim->config.walls & BL_WALL_SHIM_LANDLOCK))
        return 0;
    if (landlock_begin(&landlock)) {
        err_errno(err, "this kernel has no Landlock");
        return do_without(shim, err);
    }
    if (landlock_allow(&landlock, shim->lock_fd, IN_DIRECTORY)) {
        close(landlock.rules);
        return err_errno(err, "can't allow the shim its box's directory");
    }
    /* Of what else is in there it has all open; the VMM's group goes with the VMM. */
    if (shim->vmm.group.parent_fd >= 0 && landlock_allow(&landlock, shim->vmm.group.parent_fd, LANDLOCK_REMOVE_DIR)) {
        close(landlock.rules);
        return err_errno(err, "can't allow the shim to remove the VMM's control group");
    }
    return landlock_enforce(&landlock) ? err_errno(err, "can't restrict the shim by Landlock") : 0;
}

static int do_without(struct shim *shim, struct err *err) {
    struct vmm *vmm = &shim->vmm;
    bool refused = err->code == ENOSYS || err->code == EOPNOTSUPP || err->code == EPERM;
    if (!refused || (shim->config.needed_walls & BL_WALL_SHIM_LANDLOCK) || vmm->refused_count == MAX_REFUSALS)
        return -1;
    vmm->refused[vmm->refused_count++] = (struct refusal){.wall = BL_WALL_SHIM_LANDLOCK, .err = *err};
    vmm->walls &= ~(uint32_t)BL_WALL_SHIM_LANDLOCK;
    return 0;
}
