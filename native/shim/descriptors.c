#include "descriptors.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

int descriptors_place(struct placed_fd *fds, uint32_t count, int *kept, struct err *err) {
    /* One's number may be another's place: all move out of the way first. */
    for (uint32_t i = 0; i < count; i++) {
        int moved = fcntl(fds[i].from, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        if (moved < 0)
            return err_errno(err, "jail: move descriptor %d", fds[i].from);
        fds[i].from = moved;
    }
    int moved = fcntl(*kept, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (moved < 0)
        return err_errno(err, "jail: move descriptor %d", *kept);
    *kept = moved;
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC))
        return err_errno(err, "jail: mark descriptors to be closed");
    for (uint32_t i = 0; i < count; i++)
        if (dup2(fds[i].from, fds[i].to) < 0)
            return err_errno(err, "jail: place descriptor %d", fds[i].to);
    return 0;
}
