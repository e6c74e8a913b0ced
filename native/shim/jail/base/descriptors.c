#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

static int move_away(int *fd, struct err *err);

int descriptors_place(struct placed_fd *fds, uint32_t count, int *kept, struct err *err) {
    /* One's number may be another's target: all move out of the way first. */
    for (uint32_t i = 0; i < count; i++)
        if (move_away(&fds[i].from, err))
            return -1;
    if (move_away(kept, err))
        return -1;
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC))
        return err_errno(err, "can't keep the shim's files from the VMM");
    for (uint32_t i = 0; i < count; i++)
        if (dup2(fds[i].from, fds[i].to) < 0)
            return err_errno(err, "can't give the VMM its files");
    return 0;
}

void descriptors_replace(struct placed_fd *fds, uint32_t count, int to, int from) {
    for (uint32_t i = 0; i < count; i++)
        if (fds[i].to == to)
            fds[i].from = from;
}

static int move_away(int *fd, struct err *err) {
    int moved = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (moved < 0 && (errno == EINVAL || errno == EMFILE))
        return err_set(err, EMFILE, "the VMM needs more open files than are allowed");
    if (moved < 0)
        return err_errno(err, "can't give the VMM its files");
    *fd = moved;
    return 0;
}
