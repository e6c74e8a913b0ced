#include "servers.h"

#include <netinet/in.h>
#include <string.h>

static bool copy_address(struct sockaddr_storage *to, const struct sockaddr_storage *from);

void dns_servers_set(struct dns_servers *servers, const struct sockaddr_storage *addresses, size_t count) {
    memset(servers, 0, sizeof *servers);
    for (size_t i = 0; i < count && servers->count < DNS_MAX_SERVERS; i++)
        if (copy_address(&servers->addresses[servers->count], &addresses[i]))
            servers->count++;
        else
            memset(&servers->addresses[servers->count], 0, sizeof *servers->addresses);
}

/* Only what makes the address: then equal addresses are equal bytes. */
static bool copy_address(struct sockaddr_storage *to, const struct sockaddr_storage *from) {
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    switch (from->ss_family) {
    case AF_INET:
        memcpy(&v4, from, sizeof v4);
        v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = v4.sin_port, .sin_addr = v4.sin_addr};
        memcpy(to, &v4, sizeof v4);
        return v4.sin_port != 0;
    case AF_INET6:
        memcpy(&v6, from, sizeof v6);
        v6.sin6_flowinfo = 0;
        memcpy(to, &v6, sizeof v6);
        return v6.sin6_port != 0;
    default:
        return false;
    }
}

bool dns_servers_equal(const struct dns_servers *a, const struct dns_servers *b) {
    return a->count == b->count && memcmp(a->addresses, b->addresses, sizeof a->addresses) == 0;
}

int dns_servers_index(const struct dns_servers *servers, const struct sockaddr_storage *address) {
    for (int i = 0; i < servers->count; i++)
        if (memcmp(&servers->addresses[i], address, sizeof *address) == 0)
            return i;
    return -1;
}

int dns_servers_next(const struct dns_servers *servers, int last, unsigned failed, uint64_t now_ms) {
    int silent = -1;
    for (int i = 1; i <= servers->count; i++) {
        int server = (last + i) % servers->count;
        if (failed & 1u << server)
            continue;
        if (servers->silent_until_ms[server] <= now_ms)
            return server;
        if (silent < 0)
            silent = server;
    }
    return silent;
}

void dns_servers_silent(struct dns_servers *servers, int server, uint64_t now_ms) {
    servers->silent_until_ms[server] = now_ms + DNS_SILENT_SERVER_MS;
}

void dns_servers_answered(struct dns_servers *servers, int server) { servers->silent_until_ms[server] = 0; }
