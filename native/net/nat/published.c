#include "published.h"

#include <string.h>

#include "../packet/packet.h"

enum { MAX_PUBLISHED = 512 };

static struct published published[MAX_PUBLISHED];
static size_t published_end; /* behind the last place that was ever taken */

static bool same_peer(const struct sockaddr_storage *a, const struct sockaddr *b);

struct published *published_as(int fd) {
    for (size_t i = 0; i < published_end; i++)
        if (published[i].fd == fd)
            return &published[i];
    return NULL;
}

struct published *published_place(void) {
    struct published *place = published_as(0);
    if (place || published_end == MAX_PUBLISHED)
        return place;
    return &published[published_end++];
}

void published_forget(int fd) {
    struct published *socket = published_as(fd);
    if (socket)
        socket->fd = 0;
}

void published_remember(struct published *socket, const struct sockaddr *peer, socklen_t size) {
    const struct sockaddr_storage *known = published_peer(socket, peer);
    if (size <= sizeof *known)
        memcpy(known ? &socket->peers[known - socket->peers] : &socket->peers[socket->next++ % PUBLISHED_PEERS], peer,
               size);
}

const struct sockaddr_storage *published_peer(const struct published *socket, const struct sockaddr *peer) {
    for (size_t i = 0; i < PUBLISHED_PEERS; i++)
        if (same_peer(&socket->peers[i], peer))
            return &socket->peers[i];
    return NULL;
}

/* Of several publications of one box's port libslirp answers by any: the answer goes out by the one that was asked. */
int published_asked(int fd, const struct sockaddr *peer) {
    const struct published *socket = fd > 0 ? published_as(fd) : NULL;
    if (!socket || published_peer(socket, peer))
        return fd;
    for (size_t i = 0; i < published_end; i++)
        if (published[i].fd && published[i].box_port == socket->box_port && published_peer(&published[i], peer))
            return published[i].fd;
    return fd;
}

bool published_were_asked(uint16_t box_port, const struct sockaddr *by) {
    for (size_t i = 0; i < published_end; i++)
        if (published[i].fd && published[i].box_port == box_port && published_peer(&published[i], by))
            return true;
    return false;
}

/* The box knows the host's loopback by one address, and answers to 127.0.0.1 whichever of it has asked. */
static bool same_peer(const struct sockaddr_storage *a, const struct sockaddr *b) {
    if (a->ss_family != b->sa_family)
        return false;
    if (b->sa_family == AF_INET) {
        const struct sockaddr_in *x = (const struct sockaddr_in *)(const void *)a;
        const struct sockaddr_in *y = (const struct sockaddr_in *)(const void *)b;
        return x->sin_port == y->sin_port &&
               (x->sin_addr.s_addr == y->sin_addr.s_addr || (is_loopback4(x) && is_loopback4(y)));
    }
    const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)(const void *)a;
    const struct sockaddr_in6 *y = (const struct sockaddr_in6 *)(const void *)b;
    return x->sin6_port == y->sin6_port && same_address(&x->sin6_addr, &y->sin6_addr);
}
