#include "resolver.h"

#include <string.h>
#include <time.h>

#include "deadline.h"

static void reply_own(struct resolver *resolver, const struct dns_client *client, const struct dns_query *query,
                      enum dns_rcode code, const struct dns_addresses *addresses);
static void reply_name(struct resolver *resolver, const struct dns_client *client, const struct dns_query *query,
                       const struct dns_name *name);
static bool is_refused(const struct dns_query *query);
static int forward(struct resolver *resolver, const struct dns_client *client, const struct dns_query *query);
static void want_servers(struct resolver *resolver, uint64_t now);
static void try_next(struct resolver *resolver, struct dns_pending *pending, uint64_t now);
static void start_try(struct dns_pending *pending, uint64_t now);
static void on_event(struct resolver *resolver, struct dns_pending *pending, uint64_t now);
static void on_reply(struct resolver *resolver, struct dns_pending *pending, uint8_t *reply, size_t size, uint64_t now);
static void on_truncated(struct resolver *resolver, struct dns_pending *pending, const uint8_t *reply, size_t size,
                         uint64_t now);
static void on_failure(struct resolver *resolver, struct dns_pending *pending, uint64_t now);
static void on_silence(struct resolver *resolver, struct dns_pending *pending, uint64_t now);
static void deliver(struct resolver *resolver, struct dns_pending *pending, uint8_t *reply, size_t size);
static void give_up(struct resolver *resolver, struct dns_pending *pending);
static void drop(struct resolver *resolver, struct dns_pending *pending);

void resolver_open(struct resolver *resolver, const struct dns_hooks *hooks) {
    memset(resolver, 0, sizeof *resolver);
    resolver->hooks = *hooks;
}

void resolver_close(struct resolver *resolver) {
    for (size_t i = 0; i < resolver->pending.end; i++)
        if (resolver->pending.all[i])
            drop(resolver, resolver->pending.all[i]);
}

void resolver_set_servers(struct resolver *resolver, const struct sockaddr_storage *servers, size_t count) {
    struct dns_servers old = resolver->servers, new;
    uint64_t now = resolver_now_ms(resolver);
    dns_servers_set(&new, servers, count);
    bool changed = !dns_servers_equal(&old, &new);
    if (changed)
        resolver->servers = new;
    resolver->servers_known = true;
    resolver->servers_wanted = false;
    for (size_t i = 0; i < resolver->pending.end; i++) {
        struct dns_pending *pending = resolver->pending.all[i];
        if (!pending)
            continue;
        if (changed)
            pending->failed = 0;
        if (pending->server >= 0)
            pending->server = dns_servers_index(&new, &old.addresses[pending->server]);
        if (pending->server < 0)
            try_next(resolver, pending, now);
    }
}

uint64_t resolver_now_ms(const struct resolver *resolver) {
    if (resolver->hooks.now_ms)
        return resolver->hooks.now_ms(resolver->hooks.context);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void resolver_drop_client(struct resolver *resolver, uint32_t key) {
    for (size_t i = 0; i < resolver->pending.end; i++)
        if (resolver->pending.all[i] && resolver->pending.all[i]->client.key == key)
            drop(resolver, resolver->pending.all[i]);
}

int resolver_query(struct resolver *resolver, const struct dns_client *client, const uint8_t *message, size_t size) {
    struct dns_query query;
    struct dns_addresses addresses;
    int code = dns_query_read(message, size, &query);
    if (code < 0)
        return -1;
    if (code == DNS_NOERROR && is_refused(&query))
        code = DNS_REFUSED;
    if (code != DNS_NOERROR) {
        reply_own(resolver, client, &query, (enum dns_rcode)code, NULL);
        return 0;
    }
    switch (dns_local_names_find(&resolver->names, &query.name, &addresses)) {
    case DNS_LOCAL_KNOWN:
        reply_own(resolver, client, &query, DNS_NOERROR, &addresses);
        return 0;
    case DNS_LOCAL_MISSING:
        reply_own(resolver, client, &query, DNS_NXDOMAIN, NULL);
        return 0;
    case DNS_LOCAL_FOREIGN:
        break;
    }
    if (resolver->hooks.member &&
        resolver->hooks.member(resolver->hooks.context, client->key, &query.name, &addresses)) {
        reply_own(resolver, client, &query, DNS_NOERROR, &addresses);
        return 0;
    }
    struct dns_name found;
    switch (resolver->hooks.reverse ? resolver->hooks.reverse(resolver->hooks.context, client->key, &query.name, &found)
                                    : DNS_LOCAL_FOREIGN) {
    case DNS_LOCAL_KNOWN:
        reply_name(resolver, client, &query, &found);
        return 0;
    case DNS_LOCAL_MISSING:
        reply_own(resolver, client, &query, DNS_NXDOMAIN, NULL);
        return 0;
    case DNS_LOCAL_FOREIGN:
        break;
    }
    if (resolver->hooks.may_ask && !resolver->hooks.may_ask(resolver->hooks.context, client->key, &query.name)) {
        reply_own(resolver, client, &query, DNS_NXDOMAIN, NULL);
        return 0;
    }
    return forward(resolver, client, &query);
}

static void reply_own(struct resolver *resolver, const struct dns_client *client, const struct dns_query *query,
                      enum dns_rcode code, const struct dns_addresses *addresses) {
    uint8_t reply[DNS_OWN_REPLY_BYTES];
    size_t size = dns_reply_write(query, code, addresses, reply);
    resolver->hooks.reply(resolver->hooks.context, client, reply, size);
}

static void reply_name(struct resolver *resolver, const struct dns_client *client, const struct dns_query *query,
                       const struct dns_name *name) {
    uint8_t reply[DNS_OWN_REPLY_BYTES];
    size_t size = dns_reply_write_name(query, name, reply);
    resolver->hooks.reply(resolver->hooks.context, client, reply, size);
}

/* Transfers of zones, keys and signatures are between servers; other classes ask the host's resolver about itself. */
static bool is_refused(const struct dns_query *query) {
    return query->class != DNS_CLASS_IN || query->type == DNS_TYPE_OPT ||
           (query->type >= DNS_TYPE_TKEY && query->type <= DNS_TYPE_AXFR);
}

static int forward(struct resolver *resolver, const struct dns_client *client, const struct dns_query *query) {
    uint64_t now = resolver_now_ms(resolver);
    want_servers(resolver, now);
    if (!resolver->servers.count && resolver->servers_known && !resolver->servers_wanted) {
        reply_own(resolver, client, query, DNS_SERVFAIL, NULL);
        return 0;
    }
    struct dns_pending *pending = dns_pending_add(&resolver->pending, client, query);
    if (!pending) {
        /* The client takes a datagram for lost and sends it again; a stream loses nothing. */
        if (!client->over_tcp)
            return -1;
        reply_own(resolver, client, query, DNS_SERVFAIL, NULL);
        return 0;
    }
    pending->deadline_ms = pending->try_until_ms = now + DNS_DEADLINE_MS;
    if (resolver->servers.count)
        try_next(resolver, pending, now);
    return 0;
}

static void want_servers(struct resolver *resolver, uint64_t now) {
    if (resolver->wanted_ms && now - resolver->wanted_ms <= DNS_WANT_SERVERS_MS)
        return;
    resolver->wanted_ms = now;
    resolver->servers_wanted = true;
    if (resolver->hooks.want_servers)
        resolver->hooks.want_servers(resolver->hooks.context);
}

static void try_next(struct resolver *resolver, struct dns_pending *pending, uint64_t now) {
    for (;;) {
        int server = dns_servers_next(&resolver->servers, pending->server, pending->failed, now);
        if (server < 0) {
            give_up(resolver, pending);
            return;
        }
        bool same = server == pending->server && pending->exchange.fd >= 0;
        if (!same)
            dns_exchange_close(&pending->exchange);
        pending->server = server;
        start_try(pending, now);
        const struct sockaddr_storage *address = &resolver->servers.addresses[server];
        int sent = same ? dns_exchange_repeat(&pending->exchange, &pending->query)
                        : dns_exchange_open(&pending->exchange, &pending->query, address, false);
        if (sent == 0)
            return;
        dns_exchange_close(&pending->exchange);
        pending->failed |= 1u << server;
    }
}

static void start_try(struct dns_pending *pending, uint64_t now) {
    uint64_t end = now + DNS_TRY_MS;
    pending->try_until_ms = end < pending->deadline_ms ? end : pending->deadline_ms;
}

size_t resolver_poll_fill(struct resolver *resolver, struct pollfd *fds, size_t max, int *timeout_ms) {
    size_t n = 0;
    uint64_t now = 0;
    for (size_t i = 0; i < resolver->pending.end; i++) {
        struct dns_pending *pending = resolver->pending.all[i];
        if (!pending)
            continue;
        if (!now)
            now = resolver_now_ms(resolver);
        deadline_shorten(timeout_ms, pending->try_until_ms, now);
        pending->exchange.poll_slot = -1;
        if (pending->exchange.fd < 0 || n == max)
            continue;
        short events = dns_exchange_events(&pending->exchange, &pending->query);
        fds[n] = (struct pollfd){.fd = pending->exchange.fd, .events = events};
        pending->exchange.poll_slot = (int)n++;
    }
    return n;
}

/* A query that came since the poll, and a socket that was opened since, have no slot: their events are of the next. */
void resolver_poll_done(struct resolver *resolver, const struct pollfd *fds, size_t count) {
    uint64_t now = 0;
    for (size_t i = 0; i < resolver->pending.end; i++) {
        struct dns_pending *pending = resolver->pending.all[i];
        if (!pending)
            continue;
        if (!now)
            now = resolver_now_ms(resolver);
        int slot = pending->exchange.poll_slot;
        pending->exchange.poll_slot = -1;
        if (slot >= 0 && (size_t)slot < count && fds[slot].revents)
            on_event(resolver, pending, now);
        /* Also when forged replies keep the socket ready. */
        if (resolver->pending.all[i] == pending && pending->try_until_ms <= now)
            on_silence(resolver, pending, now);
    }
}

static void on_event(struct resolver *resolver, struct dns_pending *pending, uint64_t now) {
    uint8_t buffer[DNS_UDP_BYTES], *reply;
    size_t size;
    switch (dns_exchange_continue(&pending->exchange, &pending->query, buffer, &reply, &size)) {
    case DNS_WAITING:
        break;
    case DNS_FAILED:
        on_failure(resolver, pending, now);
        break;
    case DNS_REPLIED:
        dns_servers_answered(&resolver->servers, pending->server);
        on_reply(resolver, pending, reply, size, now);
        break;
    }
}

static void on_reply(struct resolver *resolver, struct dns_pending *pending, uint8_t *reply, size_t size,
                     uint64_t now) {
    enum dns_rcode code = dns_reply_code(reply);
    if (code == DNS_SERVFAIL || code == DNS_REFUSED)
        on_failure(resolver, pending, now);
    else if (dns_reply_is_truncated(reply) && !pending->exchange.tcp)
        on_truncated(resolver, pending, reply, size, now);
    else
        deliver(resolver, pending, reply, size);
}

static void on_truncated(struct resolver *resolver, struct dns_pending *pending, const uint8_t *reply, size_t size,
                         uint64_t now) {
    if (!pending->client.over_tcp)
        dns_pending_keep_truncated(pending, reply, size);
    if (!dns_pending_may_use_tcp(&resolver->pending, pending->client.key)) {
        give_up(resolver, pending);
        return;
    }
    dns_exchange_close(&pending->exchange);
    start_try(pending, now);
    const struct sockaddr_storage *server = &resolver->servers.addresses[pending->server];
    if (dns_exchange_open(&pending->exchange, &pending->query, server, true))
        on_failure(resolver, pending, now);
}

static void on_failure(struct resolver *resolver, struct dns_pending *pending, uint64_t now) {
    pending->failed |= 1u << pending->server;
    dns_exchange_close(&pending->exchange);
    try_next(resolver, pending, now);
}

/* A server that is silent over TCP has answered over UDP: others may still ask it. */
static void on_silence(struct resolver *resolver, struct dns_pending *pending, uint64_t now) {
    if (pending->deadline_ms <= now) {
        give_up(resolver, pending);
        return;
    }
    if (pending->exchange.tcp) {
        on_failure(resolver, pending, now);
        return;
    }
    dns_servers_silent(&resolver->servers, pending->server, now);
    try_next(resolver, pending, now);
}

static void deliver(struct resolver *resolver, struct dns_pending *pending, uint8_t *reply, size_t size) {
    uint8_t cut[DNS_UDP_BYTES];
    size_t limit = pending->client.over_tcp ? UINT16_MAX : dns_query_udp_limit(&pending->query);
    if (size > limit) {
        size = dns_reply_truncate(&pending->query, reply, size, limit, cut);
        reply = cut;
    }
    dns_put_u16(reply, pending->query.id);
    /* The callback may come back to the table. */
    dns_pending_take(&resolver->pending, pending);
    resolver->hooks.reply(resolver->hooks.context, &pending->client, reply, size);
    dns_pending_free(pending);
}

/* A truncated reply is better than none: the client may try TCP itself. */
static void give_up(struct resolver *resolver, struct dns_pending *pending) {
    uint8_t own[DNS_OWN_REPLY_BYTES];
    if (pending->truncated) {
        deliver(resolver, pending, pending->truncated, pending->truncated_size);
        return;
    }
    deliver(resolver, pending, own, dns_reply_write(&pending->query, DNS_SERVFAIL, NULL, own));
}

static void drop(struct resolver *resolver, struct dns_pending *pending) {
    dns_pending_take(&resolver->pending, pending);
    dns_pending_free(pending);
}
