/* The queries that wait for a server, each with its client. */
#ifndef BOXLITE_NET_DNS_PENDING_H
#define BOXLITE_NET_DNS_PENDING_H

#include "exchange.h"

enum {
    DNS_MAX_PENDING = 256,
    DNS_MAX_PENDING_OF_KEY = 64,
    /* Each of them may hold a reply of 64 KiB. */
    DNS_MAX_TCP = 64,
    DNS_MAX_TCP_OF_KEY = 16,
    DNS_COOKIE_BYTES = 48,
};

/* Who gets the reply. */
struct dns_client {
    uint32_t key; /* of the box: its queries are counted together */
    bool over_tcp;
    _Alignas(8) uint8_t cookie[DNS_COOKIE_BYTES]; /* the caller's own */
};

struct dns_pending {
    struct dns_client client;
    struct dns_query query;
    struct dns_exchange exchange;
    size_t index; /* in the table */
    uint64_t deadline_ms, try_until_ms;
    int server;         /* which it is asked now; -1: there is none */
    unsigned failed;    /* a bit for each server that is not asked again */
    uint8_t *truncated; /* the reply over UDP, kept for when TCP fails */
    size_t truncated_size;
};

struct dns_pending_table {
    struct dns_pending *all[DNS_MAX_PENDING]; /* NULL where there is none */
    size_t end;                               /* there is none from here on */
};

/* NULL when the client's box, or all of them together, has too many. */
struct dns_pending *dns_pending_add(struct dns_pending_table *table, const struct dns_client *client,
                                    const struct dns_query *query);
/* Whether the box may ask one more over TCP. */
bool dns_pending_may_use_tcp(const struct dns_pending_table *table, uint32_t key);
void dns_pending_keep_truncated(struct dns_pending *pending, const uint8_t *reply, size_t size);
/* Takes it out of the table, for what is done with it before it is freed. */
void dns_pending_take(struct dns_pending_table *table, struct dns_pending *pending);
void dns_pending_free(struct dns_pending *pending);

#endif
