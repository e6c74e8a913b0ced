/* Forwards the queries of guests to the resolvers of the host, and answers for the names that are our own. */
#ifndef BOXLITE_NET_DNS_RESOLVER_H
#define BOXLITE_NET_DNS_RESOLVER_H

#include <poll.h>

#include "local-names.h"
#include "pending.h"
#include "servers.h"

enum {
    DNS_TRY_MS = 2000, /* for one server */
    DNS_DEADLINE_MS = 8000,
    DNS_WANT_SERVERS_MS = 2000,
    DNS_RESOLVER_FDS = DNS_MAX_PENDING, /* at most, for resolver_poll_fill */
};

/* None of them may close the resolver or drop a client. */
struct dns_hooks {
    void *context;
    /* Once for each query that resolver_query has taken, perhaps before that returns; `reply` is valid during the
     * call. */
    void (*reply)(void *context, const struct dns_client *client, const uint8_t *reply, size_t size);
    /* Whether the name is one of the box's networks', and its addresses there; NULL: none is. */
    bool (*member)(void *context, uint32_t key, const struct dns_name *name, struct dns_addresses *addresses);
    /* What is known of a name that stands for an address, and the name of who has that; NULL: nothing of any. */
    enum dns_local (*reverse)(void *context, uint32_t key, const struct dns_name *name, struct dns_name *found);
    /* Whether the box may have the name looked up that is not our own; NULL: every one. Else there is no such name. */
    bool (*may_ask)(void *context, uint32_t key, const struct dns_name *name);
    /* A query goes out to the servers, and the last call was more than DNS_WANT_SERVERS_MS ago: may call
     * resolver_set_servers, at once or later, whether or not they have changed. */
    void (*want_servers)(void *context);
    /* NULL: CLOCK_MONOTONIC. */
    uint64_t (*now_ms)(void *context);
};

struct resolver {
    struct dns_hooks hooks;
    struct dns_local_names names;
    struct dns_servers servers;
    bool servers_known, servers_wanted; /* set once; asked for and not set since */
    uint64_t wanted_ms;
    struct dns_pending_table pending;
};

void resolver_open(struct resolver *resolver, const struct dns_hooks *hooks);
/* Forgets all pending queries; nobody gets a reply. */
void resolver_close(struct resolver *resolver);

/* Queries on their way to a server that is not among these start again. Without any, those that wait for one fail. */
void resolver_set_servers(struct resolver *resolver, const struct sockaddr_storage *servers, size_t count);

/* Returns -1 when there will be no reply: to what is itself a reply or too short, and to one datagram too many (the
 * client will ask again). */
int resolver_query(struct resolver *resolver, const struct dns_client *client, const uint8_t *message, size_t size);
/* Forgets the pending queries of a box. */
void resolver_drop_client(struct resolver *resolver, uint32_t key);

uint64_t resolver_now_ms(const struct resolver *resolver);

/* Before and after each poll(2) of the owner: fills in at most `max` descriptors and returns their number, shortens
 * the time-out (-1: none) to the next deadline; then acts on what poll(2) has found in them, or on the deadlines. With
 * nothing pending there is neither descriptor nor deadline. */
size_t resolver_poll_fill(struct resolver *resolver, struct pollfd *fds, size_t max, int *timeout_ms);
void resolver_poll_done(struct resolver *resolver, const struct pollfd *fds, size_t count);

#endif
