#include "privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int privileges_bound(uint32_t kept, struct err *err) {
    /* EINVAL: the kernel knows no more. */
    for (unsigned i = 0; i < 64; i++)
        if (!(i < 32 && (kept & (1U << i))) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) && errno != EINVAL && errno != EPERM)
            return err_errno(err, "can't bound its capabilities");
    return 0;
}

int privileges_set(uint32_t kept, struct err *err) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = kept, .permitted = kept}, {0}};
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) || syscall(SYS_capset, &header, data))
        return err_errno(err, "can't drop its capabilities");
    return 0;
}

int privileges_limit(const struct process_limit *limits, size_t count, struct err *err) {
    for (size_t i = 0; i < count; i++) {
        struct rlimit limit;
        if (getrlimit(limits[i].resource, &limit))
            return err_errno(err, "can't read the limit of its %s", limits[i].what);
        if (limit.rlim_max > limits[i].most)
            limit.rlim_max = limits[i].most;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(limits[i].resource, &limit))
            return err_errno(err, "can't limit its %s", limits[i].what);
    }
    return 0;
}

int privileges_own_keyring(struct err *err) {
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS || errno == EPERM ||
        errno == EDQUOT)
        return 0;
    return err_errno(err, "can't make a session keyring of its own");
}
