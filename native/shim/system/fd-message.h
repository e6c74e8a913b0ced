/* Datagrams over AF_UNIX that may bring a descriptor along. */
#ifndef BOXLITE_SHIM_SYSTEM_FD_MESSAGE_H
#define BOXLITE_SHIM_SYSTEM_FD_MESSAGE_H

#include <stddef.h>
#include <sys/types.h>

/* `fd`: goes along, or -1. Flags and result are sendmsg's; it raises no SIGPIPE. */
ssize_t fd_message_send(int socket, const void *message, size_t size, int fd, int flags);
/* *fd becomes the one that came along, closed at exec, or -1. The result is recvmsg's. */
ssize_t fd_message_receive(int socket, void *message, size_t size, int *fd);

#endif
