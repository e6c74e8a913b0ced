#include "bucket.h"

enum {
    NS_PER_S = 1000000000,
    NS_PER_MS = 1000000,
    BURSTS_PER_S = 10,
    LEAST_BURST_BYTES = 4096,
    DEBTS_PER_S = 4,
    LEAST_DEBT_BYTES = 256 * 1024,
};

static int64_t burst(const struct bucket *bucket);
static int64_t share_of_a_second(const struct bucket *bucket, uint64_t shares, uint64_t least_bytes);

void bucket_set(struct bucket *bucket, uint64_t rate, uint64_t now_ns) {
    bool is_new = bucket->rate == 0;
    bucket_fill(bucket, now_ns);
    bucket->rate = rate;
    bucket->filled_ns = now_ns;
    if (is_new || bucket->level > burst(bucket))
        bucket->level = burst(bucket);
    bucket->is_dry = bucket->level < burst(bucket) / 4;
}

void bucket_fill(struct bucket *bucket, uint64_t now_ns) {
    if (!bucket->rate)
        return;
    uint64_t elapsed_ns = now_ns - bucket->filled_ns;
    uint64_t missing = (uint64_t)(burst(bucket) - bucket->level);
    /* After a long time the product would not fit. */
    if (elapsed_ns > missing / bucket->rate)
        bucket->level = burst(bucket);
    else
        bucket->level += (int64_t)(elapsed_ns * bucket->rate);
    bucket->filled_ns = now_ns;
    if (bucket->level >= burst(bucket) / 4)
        bucket->is_dry = false;
}

size_t bucket_room(const struct bucket *bucket) {
    if (!bucket->rate)
        return SIZE_MAX;
    return bucket->is_dry ? 0 : (size_t)(bucket->level / NS_PER_S);
}

void bucket_take(struct bucket *bucket, size_t bytes) {
    if (!bucket->rate)
        return;
    bucket->level -= (int64_t)bytes * NS_PER_S;
    if (bucket->level < burst(bucket) / 8)
        bucket->is_dry = true;
}

bool bucket_is_overdrawn(const struct bucket *bucket) {
    return bucket->rate && bucket->level < -share_of_a_second(bucket, DEBTS_PER_S, LEAST_DEBT_BYTES);
}

int bucket_wait_ms(const struct bucket *bucket) {
    if (!bucket->rate || !bucket->is_dry)
        return -1;
    int64_t missing = burst(bucket) / 4 - bucket->level;
    return 1 + (int)(missing / (int64_t)bucket->rate / NS_PER_MS);
}

static int64_t burst(const struct bucket *bucket) { return share_of_a_second(bucket, BURSTS_PER_S, LEAST_BURST_BYTES); }

static int64_t share_of_a_second(const struct bucket *bucket, uint64_t shares, uint64_t least_bytes) {
    uint64_t bytes = bucket->rate / shares;
    return (int64_t)((bytes > least_bytes ? bytes : least_bytes) * NS_PER_S);
}
