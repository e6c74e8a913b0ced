/* The state of a hub: a place for each connection. */
#ifndef BOXLITE_NET_HUB_PLACE_H
#define BOXLITE_NET_HUB_PLACE_H

#include <poll.h>

#include "../wire/member.h"
#include "../wire/outbox.h"

/* With places for those that have not joined yet. */
enum { HUB_PLACES = HUB_MAX_MEMBERS + 16 };

struct place {
    int fd; /* -1: free */
    struct hub_member *member; /* as a MEMBER message; NULL until it has joined */
    struct outbox out;
    bool lost;         /* nobody is there to send to: it is ended when the turn is over */
    uint64_t until_ms; /* when it has to have joined */
    uint64_t refused;  /* packets that are none, or that it may not send */
};

struct hub {
    int listen_fd;
    struct place places[HUB_PLACES];
    uint32_t place_count, member_count; /* places in use, free ones among them */
    uint64_t until_ms;                  /* when somebody has to have joined */
    bool over;
    bool replaced; /* there is another, which the members are to join */
};

#endif
