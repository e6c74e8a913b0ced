/* Descriptors that pass with a message over a socket. */
#ifndef BOXLITE_GUEST_PASSED_H
#define BOXLITE_GUEST_PASSED_H

#include <stddef.h>
#include <stdint.h>

/* The kernel takes 253 at once. */
enum { PASSED_MOST = 128 };

struct passed {
    int fds[PASSED_MOST];
    uint32_t count;
};

/* Sends a short message, all of it or nothing, with its descriptors if there are any (or NULL). -1 with errno. */
int passed_send(int socket, const void *message, size_t size, const struct passed *passed);

/* Receives such a message. Places in `fds` that nothing has come for are -1. -1 when it has not come whole. */
int passed_receive(int socket, void *message, size_t size, int fds[PASSED_MOST]);

#endif
