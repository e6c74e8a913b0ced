/* The resolvers of the host, in the order of its resolv.conf. */
#ifndef BOXLITE_NET_DNS_SERVERS_H
#define BOXLITE_NET_DNS_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    DNS_MAX_SERVERS = 8,
    /* For so long the other servers come first when one has not answered. */
    DNS_SILENT_SERVER_MS = 30000,
};

struct dns_servers {
    int count;
    struct sockaddr_storage addresses[DNS_MAX_SERVERS];
    uint64_t silent_until_ms[DNS_MAX_SERVERS];
};

/* Takes sockaddr_in and sockaddr_in6 with a port; leaves out what else there is, and what is more than
 * DNS_MAX_SERVERS. */
void dns_servers_set(struct dns_servers *servers, const struct sockaddr_storage *addresses, size_t count);
bool dns_servers_equal(const struct dns_servers *a, const struct dns_servers *b);
/* -1 when it is not among them. */
int dns_servers_index(const struct dns_servers *servers, const struct sockaddr_storage *address);

/* The next one after `last` (-1: none) whose bit in `failed` is not set; -1 when there is none. */
int dns_servers_next(const struct dns_servers *servers, int last, unsigned failed, uint64_t now_ms);
void dns_servers_silent(struct dns_servers *servers, int server, uint64_t now_ms);
void dns_servers_answered(struct dns_servers *servers, int server);

#endif
