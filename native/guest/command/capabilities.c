#include "capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t known(void);

int capabilities_bound(uint64_t kept, struct err *err) {
    uint64_t drop = known() & ~kept;
    for (unsigned capability = 0; capability < 64; capability++)
        /* A process without CAP_SETPCAP may not drop again what is out of the set already. */
        if ((drop >> capability & 1) && prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1 &&
            prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
            return err_errno(err, "can't take capabilities from the command");
    return 0;
}

int capabilities_set(uint64_t kept, struct err *err) {
    kept &= known();
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {
        {.effective = (uint32_t)kept, .permitted = (uint32_t)kept},
        {.effective = (uint32_t)(kept >> 32), .permitted = (uint32_t)(kept >> 32)},
    };
    return syscall(SYS_capset, &header, sets) ? err_errno(err, "can't give the command its capabilities") : 0;
}

/* The most that this process can have: the agent's own children start with every capability of the kernel. */
static uint64_t known(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}, {0}};
    if (syscall(SYS_capget, &header, sets))
        return (UINT64_C(1) << (CAP_LAST_CAP + 1)) - 1;
    return sets[0].permitted | (uint64_t)sets[1].permitted << 32;
}
