/* The token bucket of a box's caps, at a time that the test makes. */
#include "net/switch/bucket.h"

#include "../guest/check.h"

#define MS 1000000ULL
#define S (1000 * MS)

static uint64_t now = 5 * S;

/* Takes what there is for so long, looking every `step` ns. */
static uint64_t passes(struct bucket *bucket, uint64_t ns, uint64_t step) {
    uint64_t passed = 0;
    for (uint64_t until = now + ns; now < until; now += step) {
        bucket_fill(bucket, now);
        size_t room = bucket_room(bucket);
        bucket_take(bucket, room);
        passed += room;
    }
    return passed;
}

static bool is_about(uint64_t value, uint64_t expected) {
    return value >= expected - expected / 100 && value <= expected + expected / 100;
}

static void caps_nothing_at_first(void) {
    struct bucket bucket = {0};
    check("without a cap there is room for all", bucket_room(&bucket) == SIZE_MAX);
    bucket_take(&bucket, 1ULL << 40);
    bucket_fill(&bucket, now);
    check("whatever has passed", bucket_room(&bucket) == SIZE_MAX && bucket_wait_ms(&bucket) == -1);
    check("and nothing is a debt", !bucket_is_overdrawn(&bucket));
}

static void holds_each_rate(void) {
    static const uint64_t rates[] = {8000, 62500, 1250000, 125000000, BUCKET_MAX_RATE};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct bucket bucket = {0};
        bucket_set(&bucket, rates[i], now);
        uint64_t burst = rates[i] / 10 > 4096 ? rates[i] / 10 : 4096;
        check("it begins with 100 ms, or 4 KiB", bucket_room(&bucket) == burst);
        bucket_take(&bucket, burst);
        check("and has room for no more", bucket_room(&bucket) == 0 && bucket_wait_ms(&bucket) > 0);
        check("in 20 s its rate passes, within a hundredth", is_about(passes(&bucket, 20 * S, 3 * MS), 20 * rates[i]));
        passes(&bucket, S, 7 * MS);
        check("so it does when somebody looks seldom", is_about(passes(&bucket, 20 * S, 20 * MS), 20 * rates[i]));
        now += 100 * 24 * 3600 * S;
        bucket_fill(&bucket, now);
        check("what a hundred days leave is one burst", bucket_room(&bucket) == burst);
    }
}

static void waits_until_it_is_worth_it(void) {
    struct bucket bucket = {0};
    bucket_set(&bucket, 1000000, now);
    bucket_take(&bucket, 100000 - 12501);
    check("a rest passes at once", bucket_room(&bucket) == 12501 && bucket_wait_ms(&bucket) == -1);
    bucket_take(&bucket, 2);
    check("a small one does not", bucket_room(&bucket) == 0);
    int wait_ms = bucket_wait_ms(&bucket);
    check("before a quarter is there", wait_ms == 13);
    bucket_fill(&bucket, now += 12 * MS);
    check("nor does what comes meanwhile", bucket_room(&bucket) == 0 && bucket_wait_ms(&bucket) == 1);
    bucket_fill(&bucket, now += MS);
    check("then all of it does", bucket_room(&bucket) == 12499 + 13000 && bucket_wait_ms(&bucket) == -1);
}

static void pays_debts_first(void) {
    struct bucket bucket = {0};
    bucket_set(&bucket, 1000000, now);
    bucket_take(&bucket, 100000 + 200000);
    check("what must pass does, and is owed", bucket_room(&bucket) == 0 && !bucket_is_overdrawn(&bucket));
    check("until it is paid", bucket_wait_ms(&bucket) == 226);
    bucket_take(&bucket, 62145);
    check("a quarter of a second, or 256 KiB, may be owed", bucket_is_overdrawn(&bucket));
    now += 300 * MS;
    check("and is part of the rate", is_about(passes(&bucket, 10 * S, MS), 10037856));
}

static void changes_while_it_is_in_use(void) {
    struct bucket bucket = {0};
    bucket_set(&bucket, 1000000, now);
    bucket_take(&bucket, 250000);
    bucket_set(&bucket, 100000, now);
    check("a debt outlives a change", bucket_room(&bucket) == 0 && bucket_wait_ms(&bucket) > 1000);
    bucket_set(&bucket, 0, now);
    check("no cap, no wait", bucket_room(&bucket) == SIZE_MAX && bucket_wait_ms(&bucket) == -1);
    bucket_set(&bucket, 100000, now);
    check("a new one begins anew", bucket_room(&bucket) == 10000);
    bucket_set(&bucket, 1000000, now);
    check("more is not given for nothing", bucket_room(&bucket) == 0 || bucket_room(&bucket) == 10000);
    bucket_fill(&bucket, now += S);
    bucket_set(&bucket, 100000, now);
    check("less is less at once", bucket_room(&bucket) == 10000);
}

int main(void) {
    caps_nothing_at_first();
    holds_each_rate();
    waits_until_it_is_worth_it();
    pays_debts_first();
    changes_while_it_is_in_use();
    return 0;
}
