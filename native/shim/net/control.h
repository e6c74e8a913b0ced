/* The messages between the shim and boxlite-net (common/net-control.h). */
#ifndef BOXLITE_SHIM_NET_CONTROL_H
#define BOXLITE_SHIM_NET_CONTROL_H

#include "../../common/net-control.h"
#include "../box/shim.h"

/* Sends one message during the start, with a descriptor unless that is -1. `answered`: boxlite-net answers it. */
int net_send(struct shim *shim, const void *message, size_t size, int fd, bool answered, struct err *err);

/* Receives answers until at most `left` are outstanding. Fails with the text of the first that refuses, when
 * boxlite-net ends, and when it is silent for too long. */
int net_await(struct shim *shim, uint32_t left, struct err *err);

/* Sends one while the box runs, or fails with EAGAIN: it never blocks. */
int net_post(const struct shim *shim, const void *message, size_t size, int fd, struct err *err);

union net_received {
    uint32_t type;
    struct net_answer answer;
    struct net_want_resolvers want;
    struct net_unlink lost;
};

/* Takes the next message that has come while the box runs. Returns its size; 0: none is there; -1: boxlite-net is
 * ending, which SIGCHLD will report. */
ssize_t net_receive(const struct shim *shim, union net_received *message);
bool net_is_answer(union net_received *message, ssize_t size);
/* Acts on what is no answer. */
void net_answer_question(struct shim *shim, const union net_received *message, ssize_t size);

#endif
