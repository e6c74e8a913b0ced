/* Who is in a link's network, as its hub says. */
#ifndef BOXLITE_NET_LINK_DIRECTORY_H
#define BOXLITE_NET_LINK_DIRECTORY_H

#include "../../common/net-control.h"
#include "../wire/member.h"
#include "../wire/outbox.h"

struct link {
    struct net_link what; /* type 0: free */
    uint32_t port;        /* of the box */
    int fd; /* -1: the hub is gone. The network's addresses stay shut until the shim removes the link. */
    bool is_untold; /* nobody has been told that it is gone */
    struct in6_addr address, address6;
    struct outbox out;
    struct hub_member *members[HUB_MAX_MEMBERS]; /* the box itself among them */
    uint32_t member_count;
    uint64_t refused; /* datagrams that are neither packets for the box nor messages */
};

/* Acts on a message of the hub's. -1: it is none that a hub sends, or there is no memory to keep it. */
int directory_read(struct link *link, const uint8_t *message, size_t size);
void directory_clear(struct link *link);

/* The index of the member with the address, or -1. */
int directory_find(const struct link *link, const struct in6_addr *address);
/* How many members have the name; case does not count. */
size_t directory_count(const struct link *link, const char *name);
bool directory_has_name(const struct hub_member *member, const char *name);

#endif
