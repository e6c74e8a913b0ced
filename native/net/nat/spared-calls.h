/* Calls that libslirp makes for every connection or datagram, and whose answer is known without the kernel. As those of
 * host-sockets.h, this program defines them in the C library's place. */
#ifndef BOXLITE_NET_NAT_SPARED_CALLS_H
#define BOXLITE_NET_NAT_SPARED_CALLS_H

#include <stdbool.h>
#include <sys/socket.h>

/* libslirp asks for a datagram's size before it reads it: it is read then, and this gives it. */
ssize_t spared_recvfrom(int fd, void *bytes, size_t count, int flags, struct sockaddr *from, socklen_t *size);
/* The descriptor stands for another socket now. */
void spared_forget(int fd);
/* What poll(2) has found at the socket that libslirp looks at next. */
void spared_polled(int fd, bool has_error);

#endif
