#include "resolvers.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/cleanup.h"

enum { DNS_PORT = 53, ADDRESS_BYTES = 64 };

static bool parse_line(const char *line, struct sockaddr_storage *to);
static bool parse_v4(const char *text, struct sockaddr_storage *to);
static bool parse_v6(char *text, struct sockaddr_storage *to);
static uint32_t scope_of(const char *name);

void resolvers_read(struct net_resolvers *to) {
    FILE *file = fopen("/etc/resolv.conf", "re");
    resolvers_parse(file, to);
    if (file)
        fclose(file);
}

void resolvers_parse(FILE *from, struct net_resolvers *to) {
    memset(to, 0, sizeof *to);
    to->type = NET_RESOLVERS;
    cleanup_free char *line = NULL;
    size_t size = 0;
    while (from && to->count < NET_MAX_RESOLVERS && getline(&line, &size, from) >= 0)
        if (parse_line(line, &to->servers[to->count]))
            to->count++;
    if (to->count == 0 && parse_v4("127.0.0.1", &to->servers[0]))
        to->count = 1;
}

static bool parse_line(const char *line, struct sockaddr_storage *to) {
    char address[ADDRESS_BYTES];
    if (sscanf(line, "nameserver%*[ \t]%63s", address) != 1)
        return false;
    return parse_v4(address, to) || parse_v6(address, to);
}

static bool parse_v4(const char *text, struct sockaddr_storage *to) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
    if (inet_pton(AF_INET, text, &in.sin_addr) != 1)
        return false;
    memcpy(to, &in, sizeof in);
    return true;
}

/* fe80::1%eth0: a link-local address needs its interface. */
static bool parse_v6(char *text, struct sockaddr_storage *to) {
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT)};
    char *percent = strchr(text, '%');
    if (percent) {
        *percent = 0;
        in6.sin6_scope_id = scope_of(percent + 1);
    }
    if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
        return false;
    memcpy(to, &in6, sizeof in6);
    return true;
}

static uint32_t scope_of(const char *name) {
    uint32_t index = if_nametoindex(name);
    return index ? index : (uint32_t)strtoul(name, NULL, 10);
}
