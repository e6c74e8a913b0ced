#include "server.h"

static void on_reply(void *context, const struct dns_client *client, const uint8_t *reply, size_t size);
static void on_want_servers(void *context);
static uint64_t on_now_ms(void *context);

void dns_server_open(struct dns_server *server, const struct dns_hooks *owner) {
    server->owner = *owner;
    struct dns_hooks hooks = {.context = server,
                              .reply = on_reply,
                              .want_servers = on_want_servers,
                              .now_ms = owner->now_ms ? on_now_ms : NULL};
    resolver_open(&server->resolver, &hooks);
    tcp_clients_open(&server->streams, &server->resolver);
    server->resolver_fds = 0;
}

void dns_server_close(struct dns_server *server) {
    tcp_clients_close(&server->streams);
    resolver_close(&server->resolver);
}

void dns_server_set_servers(struct dns_server *server, const struct sockaddr_storage *servers, size_t count) {
    resolver_set_servers(&server->resolver, servers, count);
}

int dns_server_set_name(struct dns_server *server, const char *name, const struct dns_addresses *addresses) {
    return dns_local_names_set(&server->resolver.names, name, addresses);
}

void dns_server_query(struct dns_server *server, const struct dns_client *client, const uint8_t *message, size_t size) {
    struct dns_client by_udp = *client;
    by_udp.over_tcp = false;
    (void)resolver_query(&server->resolver, &by_udp, message, size);
}

int dns_server_stream(struct dns_server *server, int fd, uint32_t key) {
    return tcp_clients_add(&server->streams, fd, key);
}

void dns_server_drop(struct dns_server *server, uint32_t key) {
    tcp_clients_drop(&server->streams, key);
    resolver_drop_client(&server->resolver, key);
}

size_t dns_server_poll_fill(struct dns_server *server, struct pollfd *fds, size_t max, int *timeout_ms) {
    size_t n = resolver_poll_fill(&server->resolver, fds, max, timeout_ms);
    server->resolver_fds = n;
    return n + tcp_clients_poll_fill(&server->streams, fds + n, max - n, timeout_ms);
}

void dns_server_poll_done(struct dns_server *server, const struct pollfd *fds, size_t count) {
    size_t n = server->resolver_fds < count ? server->resolver_fds : count;
    resolver_poll_done(&server->resolver, fds, n);
    tcp_clients_poll_done(&server->streams, fds + n, count - n);
}

static void on_reply(void *context, const struct dns_client *client, const uint8_t *reply, size_t size) {
    struct dns_server *server = context;
    if (client->over_tcp)
        tcp_clients_reply(&server->streams, client, reply, size);
    else
        server->owner.reply(server->owner.context, client, reply, size);
}

static void on_want_servers(void *context) {
    const struct dns_server *server = context;
    if (server->owner.want_servers)
        server->owner.want_servers(server->owner.context);
}

static uint64_t on_now_ms(void *context) {
    const struct dns_server *server = context;
    return server->owner.now_ms(server->owner.context);
}
