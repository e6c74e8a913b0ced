#include "bounds.h"

#include <errno.h>
#include <stdio.h>

#include "../group/memory-files.h"
#include "../jail/view/namespaces.h"

static uint64_t in_memory(const struct jail *jail);

int bounds_make(struct shim *shim, struct jail *jail, struct err *err) {
    char name[GROUP_NAME_BYTES];
    struct bounds bounds = shim->config.bounds;
    uint64_t beside = in_memory(jail);
    bounds.memory = beside > UNBOUNDED - bounds.memory ? UNBOUNDED : bounds.memory + beside;
    struct vmm_group *group = &shim->vmm.group;
    if (group_name(name, shim->config.box, shim->lock_fd, err) || group_make(group, name, &bounds, err))
        return -1;
    jail->group = group->fd;
    return 0;
}

/* What the VMM's files and volumes may take of the host's memory. */
static uint64_t in_memory(const struct jail *jail) {
    const struct config *config = jail->config;
    uint64_t all = 0;
    for (uint32_t i = 0; i < jail->fd_count; i++)
        all += memory_of_file(jail->fds[i].from);
    for (uint32_t i = 0; i < config->share_count; i++) {
        if (config->shares[i].flags & BL_SHARE_READ_ONLY)
            continue;
        FILE *mounts = fopen("/proc/self/mountinfo", "re");
        uint64_t below = mounts ? memory_below(mounts, config->shares[i].path) : 0;
        all = below > UNBOUNDED - all ? UNBOUNDED : all + below;
        if (mounts)
            fclose(mounts);
    }
    return all;
}

bool bounds_refused(const struct jail *jail, int code) {
    /* The host is out of processes or memory. */
    if (!(jail->walls & BL_WALL_CGROUP) || code == EAGAIN || code == ENOMEM)
        return false;
    if (!(jail->walls & BL_WALL_NAMESPACES))
        return true;
    return (code != EPERM || namespaces_clone3_is_filtered()) && code != ENOSPC && code != EUSERS;
}

void bounds_settle(struct shim *shim, const struct jail *jail) {
    if (!(jail->walls & BL_WALL_CGROUP))
        group_end(&shim->vmm.group);
    else if (shim->config.flags & BL_SHIM_FLAG_TEMPLATE)
        group_sweep(&shim->vmm.group);
}
