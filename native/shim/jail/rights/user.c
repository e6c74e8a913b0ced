#include "user.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../common/privileges.h"

/* What root of the box needs over its own files. Over files of others these give nothing, because a capability
 * counts only where the file's ids are mapped. The right to set file capabilities, to make nodes or to mount is
 * not among them. */
#define OVER_FILES (1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER | 1U << CAP_FSETID)

static int change(uint32_t id, struct err *err);

int user_become(struct jail *jail, struct err *err) {
    const struct config *config = jail->config;
    /* mkdir itself must set a directory's mode: below one with set-group-ID chmod can't do so afterwards. */
    if (config->share_count)
        umask(0);
    const uint32_t kept = config_mounts_shares(config) ? OVER_FILES : 0;
    uint32_t id = jail->id;
    if (jail->share_namespace >= 0) {
        /* Root of the namespace gets all capabilities in it, and its bound as well. */
        if (setns(jail->share_namespace, CLONE_NEWUSER))
            return err_errno(err, "can't run the VMM in the user namespace of its volumes");
        id = 0;
    }
    /* In this order: a change to another user takes away what the first step needs. */
    return privileges_bound(kept, err) || (id != UNCHANGED_ID && change(id, err)) || privileges_set(kept, err) ? -1 : 0;
}

/* Groups come first, since the new user can't change them. */
static int change(uint32_t id, struct err *err) {
    if (setgroups(0, NULL))
        return err_errno(err, "can't take all groups from the VMM (only root can)");
    if (setresgid(id, id, id))
        return err_errno(err, "can't run the VMM as group %u (only root can)", id);
    if (setresuid(id, id, id))
        return err_errno(err, "can't run the VMM as user %u (only root can)", id);
    return 0;
}
