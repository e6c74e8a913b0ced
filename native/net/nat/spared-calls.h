/* Calls that libslirp makes for every connection or datagram, and whose answer is known without the kernel. As those of
 * host-sockets.h, this program defines them in the C library's place. */
#ifndef BOXLITE_NET_NAT_SPARED_CALLS_H
#define BOXLITE_NET_NAT_SPARED_CALLS_H

#include <stdbool.h>
#include <sys/socket.h>

enum { HOST_MAX_FDS = 4096 };

enum host_socket { HOST_CLOSED, HOST_STREAM, HOST_ACCEPTED, HOST_DATAGRAMS };

/* Whether libslirp is at work: only its calls are spared. */
void spared_calls(bool are_its);
/* As what libslirp has the descriptor from here on; HOST_CLOSED also for what it took over. */
void spared_socket(int fd, enum host_socket kind);

/* libslirp asks for a datagram's size before it reads it: it is read then, and this gives it. */
ssize_t spared_recvfrom(int fd, void *bytes, size_t count, int flags, struct sockaddr *from, socklen_t *size);
/* What poll(2) has found at the socket that libslirp looks at next. */
void spared_polled(int fd, bool has_error);

#endif
