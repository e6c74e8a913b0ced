/* A token bucket: how many bytes may pass in one direction. It holds 100 ms of its rate, and what passes without having
 * been asked for (a reply, the rest of a frame) is a debt that is paid first. */
#ifndef BOXLITE_NET_SWITCH_BUCKET_H
#define BOXLITE_NET_SWITCH_BUCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed, it caps nothing. */
struct bucket {
    uint64_t rate; /* bytes per second; 0: no cap */
    uint64_t filled_ns; /* when it was filled last */
    int64_t level; /* bytes times 10^9, so that no part of one is lost; below 0: a debt */
    bool is_dry; /* nothing passes until a quarter is there again: fewer turns, and no tiny packets */
};

/* Above it the level would not fit. */
#define BUCKET_MAX_RATE 12500000000ULL

/* A new cap begins with a full bucket; a changed one keeps its debt. */
void bucket_set(struct bucket *bucket, uint64_t rate, uint64_t now_ns);
/* Once at the begin of each turn, before bucket_room is asked. */
void bucket_fill(struct bucket *bucket, uint64_t now_ns);

/* Bytes that may pass now; SIZE_MAX without a cap. */
size_t bucket_room(const struct bucket *bucket);
/* Bytes pass, whether or not there was room. */
void bucket_take(struct bucket *bucket, size_t bytes);
/* Whether the debt is larger than what honest traffic runs up: then nothing passes, whatever it is. */
bool bucket_is_overdrawn(const struct bucket *bucket);

/* Until there is room again, at least 1; -1: there is. */
int bucket_wait_ms(const struct bucket *bucket);

#endif
