/* The host's sockets of UDP that are ports of the box, and who has sent to them: the box may answer nobody else. */
#ifndef BOXLITE_NET_NAT_PUBLISHED_H
#define BOXLITE_NET_NAT_PUBLISHED_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { PUBLISHED_PEERS = 64 };

/* A socket by the number that libslirp knows it by, and who sent to it last. */
struct published {
    int fd; /* 0: free */
    uint16_t box_port;
    uint32_t next;
    struct sockaddr_storage peers[PUBLISHED_PEERS];
};

struct published *published_as(int fd);
/* A free place, or NULL. */
struct published *published_place(void);
/* libslirp closes this socket. */
void published_forget(int fd);

void published_remember(struct published *socket, const struct sockaddr *peer, socklen_t size);
/* The peer as it sent, or NULL: it did not. */
const struct sockaddr_storage *published_peer(const struct published *socket, const struct sockaddr *peer);
/* The socket by which this peer is answered, of those that are the same port of the box. */
int published_asked(int fd, const struct sockaddr *peer);
/* Whether this address has sent to a socket that is the box's port. */
bool published_were_asked(uint16_t box_port, const struct sockaddr *by);

static inline bool is_loopback4(const struct sockaddr_in *in) {
    return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

#endif
