#include "directory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int add(struct link *link, const struct hub_member *member);
static void take_out(struct link *link, uint32_t address);

int directory_read(struct link *link, const uint8_t *message, size_t size) {
    struct hub_member member;
    struct hub_left left;
    if (member_read(message, size, HUB_MEMBER, &member) == 0)
        return add(link, &member);
    if (size != sizeof left)
        return -1;
    memcpy(&left, message, sizeof left);
    if (left.type != HUB_LEFT)
        return -1;
    take_out(link, left.address);
    return 0;
}

/* One that is not of the network is not kept, but no reason to leave it. */
static int add(struct link *link, const struct hub_member *member) {
    const struct net_link *what = &link->what;
    if ((member->address ^ what->prefix) >> (32 - what->prefix_length) != 0 ||
        memcmp(&member->address6, &what->prefix6, 8) != 0)
        return 0;
    take_out(link, member->address);
    if (link->member_count == HUB_MAX_MEMBERS)
        return -1;
    struct hub_member *kept = malloc(member_size(member));
    if (!kept)
        return -1;
    memcpy(kept, member, member_size(member));
    link->members[link->member_count++] = kept;
    return 0;
}

static void take_out(struct link *link, uint32_t address) {
    for (uint32_t i = 0; i < link->member_count; i++)
        if (link->members[i]->address == address) {
            free(link->members[i]);
            link->members[i] = link->members[--link->member_count];
            return;
        }
}

void directory_clear(struct link *link) {
    while (link->member_count)
        free(link->members[--link->member_count]);
}

int directory_find(const struct link *link, const struct in6_addr *address) {
    bool v4 = IN6_IS_ADDR_V4MAPPED(address);
    for (uint32_t i = 0; i < link->member_count; i++) {
        const struct hub_member *member = link->members[i];
        if (v4 ? member->address == v4_of_address(address) : same_address(&member->address6, address))
            return (int)i;
    }
    return -1;
}

size_t directory_count(const struct link *link, const char *name) {
    size_t count = 0;
    for (uint32_t i = 0; i < link->member_count; i++)
        count += directory_has_name(link->members[i], name);
    return count;
}

bool directory_has_name(const struct hub_member *member, const char *name) {
    const char *own;
    size_t at = 0, size, length = strlen(name);
    while (member_next_name(member, &at, &own, &size))
        if (size == length && strncasecmp(own, name, size) == 0)
            return true;
    return false;
}
