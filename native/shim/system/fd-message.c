#include "fd-message.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

union one_fd {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

ssize_t fd_message_send(int socket, const void *message, size_t size, int fd, int flags) {
    struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = size};
    union one_fd control = {0};
    struct msghdr envelope = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        control.header = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
        envelope.msg_control = &control;
        envelope.msg_controllen = sizeof control.space;
    }
    return sendmsg(socket, &envelope, MSG_NOSIGNAL | flags);
}

ssize_t fd_message_receive(int socket, void *message, size_t size, int *fd) {
    struct iovec part = {.iov_base = message, .iov_len = size};
    union one_fd control = {0};
    struct msghdr envelope = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_LEN(sizeof *fd)};
    *fd = -1; /* the space of one is padded to that of two */
    ssize_t n = recvmsg(socket, &envelope, MSG_CMSG_CLOEXEC);
    const struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&envelope);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof *fd))
        memcpy(fd, CMSG_DATA(header), sizeof *fd);
    return n;
}
