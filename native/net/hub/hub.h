/* The hub of one named network: it passes packets between the members, by the addresses that each had when it joined,
 * and tells all of them who is there. It learns nothing from packets and keeps nothing of them. */
#ifndef BOXLITE_NET_HUB_HUB_H
#define BOXLITE_NET_HUB_HUB_H

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
};

/* Serves the listening socket until the last member has left, or until nobody has come. */
void hub_run(int listen_fd);

#endif
