#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../../common/cleanup.h"

enum { MOST_KEPT = 16, INHERITED = 3 };

int descriptors_keep(const int *kept, int count, struct err *err) {
    int aside[MOST_KEPT];
    if (count > MOST_KEPT)
        return err_set(err, EINVAL, "%d descriptors are too many to keep", count);
    /* Out of the way first: one may have the number that another is to get. */
    for (int i = 0; i < count; i++) {
        aside[i] = kept[i] < 0 ? -1 : fcntl(kept[i], F_DUPFD_CLOEXEC, MOST_KEPT);
        if (kept[i] >= 0 && aside[i] < 0)
            return err_errno(err, "can't keep a descriptor");
    }
    for (int to = 0; to < count; to++) {
        if (aside[to] < 0)
            close(to);
        else if (dup3(aside[to], to, to < INHERITED ? 0 : O_CLOEXEC) < 0)
            return err_errno(err, "can't keep a descriptor");
    }
    return close_range((unsigned)count, ~0u, 0) ? err_errno(err, "can't close the agent's descriptors") : 0;
}
