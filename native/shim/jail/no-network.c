#include "no-network.h"

#include <sched.h>

int no_network(struct jail *jail, struct err *err) {
    const struct config *config = jail->config;
    if (!(config->flags & BL_SHIM_FLAG_NO_NETWORK) || unshare(CLONE_NEWNET) == 0)
        return 0;
    /* An ordinary user needs a user namespace to create one; with volumes the child is in one already. Its id maps
     * stay empty: inside, the VMM is nobody and can create no further one; to files its user is unchanged. */
    if (!config->share_count && jail->id == UNCHANGED_ID && unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
        return 0;
    if (config->flags & BL_SHIM_FLAG_NEED_NAMESPACES)
        return err_errno(err, "this host refuses the VMM a network namespace of its own (vmmNamespaces 'try' "
                              "goes without)");
    return 0;
}
