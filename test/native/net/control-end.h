/* The shim's end of boxlite-net's control socket, for programs that stand in for a shim. */
#ifndef BOXLITE_TEST_NET_CONTROL_END_H
#define BOXLITE_TEST_NET_CONTROL_END_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../../native/common/net-control.h"

static int control;

static inline void need(bool holds, const char *what) {
    if (holds)
        return;
    perror(what);
    exit(2);
}

/* @param fd goes along with the message; -1: none does */
static inline void tell(const void *message, size_t size, int fd) {
    _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec part = {(void *)(uintptr_t)message, size};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        header.msg_control = space;
        header.msg_controllen = sizeof space;
        *CMSG_FIRSTHDR(&header) = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), &fd, sizeof fd);
    }
    need(sendmsg(control, &header, MSG_NOSIGNAL) == (ssize_t)size, "send to boxlite-net");
}

/* What is answered with a success. */
static inline void ask_net(const void *message, size_t size, int fd) {
    struct net_answer answer = {0};
    tell(message, size, fd);
    need(recv(control, &answer, sizeof answer, 0) == (ssize_t)sizeof answer, "hear from boxlite-net");
    if (answer.code == 0)
        return;
    fprintf(stderr, "%s\n", answer.text);
    exit(2);
}

static inline struct in6_addr ipv6(const char *text) {
    struct in6_addr parsed;
    need(inet_pton(AF_INET6, text, &parsed) == 1, text);
    return parsed;
}

#endif
