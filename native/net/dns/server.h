/* The DNS server of a box's network: resolver and streams, as one part of the owner's event loop. */
#ifndef BOXLITE_NET_DNS_SERVER_H
#define BOXLITE_NET_DNS_SERVER_H

#include "resolver.h"
#include "tcp-clients.h"

enum { DNS_SERVER_FDS = DNS_RESOLVER_FDS + DNS_MAX_STREAMS }; /* at most, for dns_server_poll_fill */

struct dns_server {
    struct dns_hooks owner;
    struct resolver resolver;
    struct tcp_clients streams;
    size_t resolver_fds; /* the first ones of those polled */
};

/* The hook `reply` gets replies to dns_server_query only. The server must stay where it is. */
void dns_server_open(struct dns_server *server, const struct dns_hooks *owner);
void dns_server_close(struct dns_server *server);

/* See resolver.h and local-names.h. */
void dns_server_set_servers(struct dns_server *server, const struct sockaddr_storage *servers, size_t count);
int dns_server_set_name(struct dns_server *server, const char *name, const struct dns_addresses *addresses);

/* A datagram of a guest. */
void dns_server_query(struct dns_server *server, const struct dns_client *client, const uint8_t *message, size_t size);
/* A connection of a guest: takes the stream socket. Returns -1 when it has been closed, being one too many. */
int dns_server_stream(struct dns_server *server, int fd, uint32_t key);
/* The box is gone: nothing pending of it is answered. */
void dns_server_drop(struct dns_server *server, uint32_t key);

/* Around each poll(2), as resolver_poll_fill and resolver_poll_done, with the same `fds`. */
size_t dns_server_poll_fill(struct dns_server *server, struct pollfd *fds, size_t max, int *timeout_ms);
void dns_server_poll_done(struct dns_server *server, const struct pollfd *fds, size_t count);

#endif
