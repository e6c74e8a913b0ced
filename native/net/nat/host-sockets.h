/* The socket calls that libslirp makes for a box. This program defines them in the C library's place, so that no
 * connection or datagram of a box leaves without passing here: a second look at what the switch has let through, at
 * the address that really counts. */
#ifndef BOXLITE_NET_NAT_HOST_SOCKETS_H
#define BOXLITE_NET_NAT_HOST_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* libslirp is at work until host_sockets_end. Connections that it makes before are for a box's resolver (`connect_dns`
 * gives a descriptor or -1) or, with NULL, for where they say. */
void host_sockets_begin(int (*connect_dns)(void *context), void *context);
void host_sockets_end(void);

/* The next bind takes this bound socket, and a listen behind it does nothing. Whoever sends to a socket of UDP is
 * remembered, because the box may answer nobody else by it. */
void host_sockets_adopt(int fd, bool is_udp);
/* Ends that. Returns the number that libslirp knows the socket by, or -1: it did not take it. */
int host_sockets_adopted(void);
/* libslirp closes this socket. */
void host_sockets_forget(int fd);

#endif
