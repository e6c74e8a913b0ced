/* The links of boxes to named networks: a connection to the network's hub each, and who is there. A packet passes
 * between a box and the members that the hub has named, and nothing passes from link to link. */
#ifndef BOXLITE_NET_LINK_LINK_H
#define BOXLITE_NET_LINK_LINK_H

#include <poll.h>

#include "../../common/err.h"
#include "../../common/net-control.h"
#include "../packet/packet.h"
#include "directory.h"

enum { MAX_LINKS = 16 };

struct link_callbacks {
    /* Whether the box may be sent anything now; what it may not stays with the hub, which drops what is too much. */
    bool (*has_room)(void *context, const struct link *link);
    /* A packet for the box from a member; `frame` has room for an Ethernet header before it. */
    void (*packet)(void *context, struct link *link, uint8_t *frame, size_t size);
    /* False: nobody could be told, and links_tell is to try again. */
    bool (*lost)(void *context, const struct link *link);
    void *context;
};

struct links {
    struct link all[MAX_LINKS];
    struct link_callbacks callbacks;
    uint32_t next_answer; /* turns the order of the addresses of one name */
};

void links_open(struct links *links, const struct link_callbacks *callbacks);

/* Takes over the connection. A link of the same id is replaced. */
int links_add(struct links *links, uint32_t port, const struct net_link *what, int fd, struct err *err);
int links_remove(struct links *links, uint32_t port, uint32_t id, struct err *err);
/* The box is gone. */
void links_drop(struct links *links, uint32_t port);

/* The box's link to the network that has this address in it; NULL: there is none. */
struct link *links_find(struct links *links, uint32_t port, const struct in6_addr *address);
/* Whether the address is the box's own in one of its networks. */
bool links_is_own(const struct links *links, uint32_t port, const struct in6_addr *address);
/* The addresses of a name in the box's networks, of both families, `room` at most. */
size_t links_resolve(struct links *links, uint32_t port, const char *name, struct in6_addr *to, size_t room);

/* The first name of the member that has the address in one of the box's networks. False: nobody has it, or no name. */
bool links_name(const struct links *links, uint32_t port, const struct in6_addr *address, char text[NET_NAME_BYTES]);

bool link_is_own(const struct link *link, const struct in6_addr *address);
/* Whether another member that is there has the address. */
bool link_has(const struct link *link, const struct in6_addr *address);
void link_send(struct links *links, struct link *link, const struct packet *packet);

/* Whether a link of the box's is lost and nobody has been told. */
bool links_have_news(const struct links *links, uint32_t port);
void links_tell(struct links *links, uint32_t port);

/* As nat_poll and nat_polled. */
size_t links_poll(const struct links *links, struct pollfd *fds);
void links_polled(struct links *links, const struct pollfd *fds, size_t count);

#endif
