/* Whose turn it is to be read where there is not room for all: one after the other, so that none waits for ever behind a
 * busy one. */
#ifndef BOXLITE_NET_NAT_TURNS_H
#define BOXLITE_NET_NAT_TURNS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct turns {
    int resume_fd; /* for which there was no room last time; -1: the first begins */
    int refused_fd; /* the first for which there is none this time */
};

#define NO_TURNS ((struct turns){-1, -1})

/* poll(2) has returned these. */
void turns_begin(struct turns *turns, const struct pollfd *fds, size_t count);
/* Asked for each that can be read, in their order. */
bool turns_may_read(struct turns *turns, int fd, bool has_room);

#endif
