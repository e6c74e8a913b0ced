#include "turns.h"

void turns_begin(struct turns *turns, const struct pollfd *fds, size_t count) {
    turns->resume_fd = -1;
    /* It may be closed, or have nothing to read any more. */
    for (size_t i = 0; i < count && turns->refused_fd >= 0; i++)
        if (fds[i].fd == turns->refused_fd && fds[i].revents & ~POLLOUT)
            turns->resume_fd = turns->refused_fd;
    turns->refused_fd = -1;
}

/* Those before the one whose turn it is come next time. */
bool turns_may_read(struct turns *turns, int fd, bool has_room) {
    if (turns->resume_fd >= 0 && fd != turns->resume_fd)
        return false;
    turns->resume_fd = -1;
    if (turns->refused_fd < 0 && !has_room)
        turns->refused_fd = fd;
    return turns->refused_fd < 0;
}
