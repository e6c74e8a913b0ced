/* Any bytes as what comes in over a hub's connection, at either end: as they are, and laid over a message that is one. */
#include "net/link/directory.h"

#include "frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct hub_member *member) {
    const char *name;
    size_t at = 0, size, count = 0;
    while (member_next_name(member, &at, &name, &size))
        if (++count > HUB_MAX_NAMES || size > 253 || name < member->names ||
            name + size > member->names + member->names_size)
            __builtin_trap();
    if (member_size(member) > sizeof *member || !member->address)
        __builtin_trap();
}

/* In memory of just this size. */
static void read_all(struct link *link, const uint8_t *data, size_t size) {
    struct hub_member member;
    struct ends ends;
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        abort();
    if (size)
        memcpy(exact, data, size);
    if (member_read(exact, size, HUB_JOIN, &member) == 0)
        walk(&member);
    if (ends_read(exact, size, &ends) == 0 && size > 40 + 65535)
        __builtin_trap();
    (void)directory_read(link, exact, size);
    for (uint32_t i = 0; i < link->member_count; i++)
        walk(link->members[i]);
    (void)directory_count(link, "web");
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct link link = {.what = {.prefix = 0xac120000, .prefix_length = 16}, .fd = -1};
    struct hub_member seed = {.type = HUB_MEMBER, .names_size = 12, .address = 0xac120003, .names = "web www.test"};
    uint8_t *bytes = (uint8_t *)&seed;
    link.what.prefix6 = seed.address6 = address("fd00:18::");
    seed.address6.s6_addr[15] = 3;
    read_all(&link, data, size);
    read_all(&link, bytes, member_size(&seed));
    for (size_t i = 0; i < size && i < sizeof seed; i++)
        bytes[i] ^= data[i];
    read_all(&link, bytes, offsetof(struct hub_member, names) + seed.names_size % sizeof seed.names);
    directory_clear(&link);
    return 0;
}
