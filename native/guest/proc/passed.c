#include "passed.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Aligned as the kernel wants it. */
union control {
    char bytes[CMSG_SPACE(PASSED_MOST * sizeof(int))];
    struct cmsghdr header;
};

int passed_send(int socket, const void *message, size_t size, const struct passed *passed) {
    union control control;
    struct iovec piece = {.iov_base = (void *)(uintptr_t)message, .iov_len = size};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    if (passed && passed->count) {
        size_t bytes = passed->count * sizeof(int);
        memset(&control, 0, sizeof control);
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(bytes);
        struct cmsghdr *first = CMSG_FIRSTHDR(&header);
        *first = (struct cmsghdr){.cmsg_len = CMSG_LEN(bytes), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(first), passed->fds, bytes);
    }
    return sendmsg(socket, &header, MSG_NOSIGNAL) == (ssize_t)size ? 0 : -1;
}

int passed_receive(int socket, void *message, size_t size, int fds[PASSED_MOST]) {
    union control control;
    struct iovec piece = {.iov_base = message, .iov_len = size};
    struct msghdr header = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control};
    memset(fds, -1, PASSED_MOST * sizeof *fds);
    if (recvmsg(socket, &header, MSG_WAITALL | MSG_CMSG_CLOEXEC) != (ssize_t)size)
        return -1;
    struct cmsghdr *first = CMSG_FIRSTHDR(&header);
    if (first && first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_RIGHTS)
        memcpy(fds, CMSG_DATA(first), first->cmsg_len - CMSG_LEN(0));
    return 0;
}
