/* The socket calls that libslirp makes for a box. This program defines them in the C library's place, so that no
 * connection or datagram of a box leaves without passing here: a second look at what the switch has let through, at
 * the address that really counts. */
#ifndef BOXLITE_NET_NAT_HOST_SOCKETS_H
#define BOXLITE_NET_NAT_HOST_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../common/net-control.h"

/* What a box has begun by a socket of the host's. */
struct host_flow {
    struct in6_addr box, to; /* `to`: of the host's loopback for a service there */
    uint16_t port;
    uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
    bool several;     /* the box has sent to others by the same socket before */
};

struct host_work {
    const struct in6_addr *box; /* whose packet it is, or NULL */
    /* A connection made meanwhile is for the box's resolver, and this gives its descriptor or -1; NULL: it is for where
     * it says. */
    int (*connect_dns)(void *context);
    /* How many bytes a stream may be read for meanwhile; NULL: any number. */
    size_t (*room)(void *context);
    void *context;
    bool to_host; /* what is connected meanwhile may be a service of the host's loopback */
    /* The box has reset a connection: what is closed meanwhile is reset, too, and not ended in good order. */
    bool resets;
};

/* The host's loopback looks like this network's gateway to whoever gets a datagram from it. */
void host_sockets_show(const struct net_open *network);

/* libslirp is at work until host_sockets_end. */
void host_sockets_begin(const struct host_work *work);
void host_sockets_end(void);

/* How many sockets libslirp has open besides those that it took over. Without any it has nothing to time. */
uint32_t host_sockets_open(void);
/* Those of them that are connections: the others' only time is when they have been quiet for minutes. */
uint32_t host_sockets_streams(void);

/* The next bind takes this bound socket, and a listen behind it does nothing. Whoever sends to a socket of UDP is
 * remembered, because the box may answer nobody else by it. @param udp_port the box's, 0 for TCP */
void host_sockets_adopt(int fd, uint16_t udp_port);
/* Ends that. Returns the number that libslirp knows the socket by, or -1: it did not take it. */
int host_sockets_adopted(void);

/* Cuts what may not go on: a connection is reset, and a socket of datagrams becomes another one, to which nobody
 * answers, whatever it has been for if it has been for several. Both ends learn of it as of any other end. */
void host_sockets_cut(bool (*may)(void *context, const struct host_flow *flow), void *context);

#endif
