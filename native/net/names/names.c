#include "names.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../packet/clock.h"
#include "../packet/closed.h"
#include "../packet/reply.h"
#include "grants.h"
#include "reverse.h"

enum { UDP_BYTES = 8, MAX_DATAGRAM = 65507 };

/* Of a query by datagram: what its reply has to bear. */
struct origin {
    uint8_t from_mac[MAC_BYTES], to_mac[MAC_BYTES];
    struct in6_addr source, destination;
    uint16_t source_port, destination_port;
};

_Static_assert(sizeof(struct origin) <= DNS_COOKIE_BYTES, "a client's cookie holds the origin of its query");

static void reply(void *context, const struct dns_client *client, const uint8_t *message, size_t size);
static bool member(void *context, uint32_t port, const struct dns_name *name, struct dns_addresses *addresses);
static enum dns_local reverse(void *context, uint32_t port, const struct dns_name *name, struct dns_name *found);
static bool is_loopback(const struct in6_addr *address);
static bool may_ask(void *context, uint32_t port, const struct dns_name *name);
static void want_servers(void *context);

void names_open(struct names *names, struct net_switch *network, void (*ask)(void *context), void *context) {
    const struct dns_hooks hooks = {.context = names,
                                    .reply = reply,
                                    .member = member,
                                    .reverse = reverse,
                                    .may_ask = may_ask,
                                    .want_servers = want_servers};
    names->network = network;
    names->want_servers = ask;
    names->context = context;
    resolver_open(&names->resolver, &hooks);
    tcp_clients_open(&names->streams, &names->resolver);
    const struct dns_addresses gateway = {.v4_count = 1, .v4 = {{htonl(network->network.gateway)}}};
    (void)dns_local_names_set(&names->resolver.names, "host.boxlite.internal", &gateway);
    (void)dns_local_names_set(&names->resolver.names, "host.docker.internal", &gateway);
}

void names_set_servers(struct names *names, const struct net_resolvers *servers) {
    size_t count = servers->count < NET_MAX_RESOLVERS ? servers->count : NET_MAX_RESOLVERS;
    resolver_set_servers(&names->resolver, servers->servers, count);
}

void names_query(struct names *names, uint32_t port, const struct packet *packet) {
    struct dns_client client = {.key = port};
    struct origin origin = {.source = packet->source,
                            .destination = packet->destination,
                            .source_port = packet->source_port,
                            .destination_port = packet->destination_port};
    memcpy(origin.from_mac, packet->from_mac, MAC_BYTES);
    memcpy(origin.to_mac, packet->to_mac, MAC_BYTES);
    memcpy(client.cookie, &origin, sizeof origin);
    size_t size = get_u16(packet->transport + 4) - (size_t)UDP_BYTES;
    (void)resolver_query(&names->resolver, &client, packet->transport + UDP_BYTES, size);
}

int names_stream(struct names *names, uint32_t port) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
        return -1;
    cleanup_fd int box_end = pair[1];
    return tcp_clients_add(&names->streams, pair[0], port) ? -1 : take_fd(&box_end);
}

void names_drop(struct names *names, uint32_t port) {
    resolver_drop_client(&names->resolver, port);
    tcp_clients_drop(&names->streams, port);
}

size_t names_poll(struct names *names, struct pollfd *fds, int *timeout_ms) {
    names->resolver_fds = resolver_poll_fill(&names->resolver, fds, DNS_RESOLVER_FDS, timeout_ms);
    return names->resolver_fds +
           tcp_clients_poll_fill(&names->streams, fds + names->resolver_fds, DNS_MAX_STREAMS, timeout_ms);
}

void names_polled(struct names *names, const struct pollfd *fds, size_t count) {
    resolver_poll_done(&names->resolver, fds, names->resolver_fds);
    tcp_clients_poll_done(&names->streams, fds + names->resolver_fds, count - names->resolver_fds);
}

static void reply(void *context, const struct dns_client *client, const uint8_t *message, size_t size) {
    struct names *names = context;
    grants_from_reply(&names->network->ports[client->key].policy, message, size, clock_ms());
    if (client->over_tcp) {
        tcp_clients_reply(&names->streams, client, message, size);
        return;
    }
    static uint8_t frame[MAX_FRAME];
    struct origin origin;
    memcpy(&origin, client->cookie, sizeof origin);
    const struct packet asked = {.v6 = !IN6_IS_ADDR_V4MAPPED(&origin.source),
                                 .from_mac = origin.from_mac,
                                 .to_mac = origin.to_mac,
                                 .source = origin.source,
                                 .destination = origin.destination,
                                 .source_port = origin.source_port,
                                 .destination_port = origin.destination_port};
    if (size <= MAX_DATAGRAM)
        switch_to_port(names->network, client->key, frame, reply_datagram(&asked, message, size, frame));
}

static bool member(void *context, uint32_t port, const struct dns_name *name, struct dns_addresses *addresses) {
    const struct names *names = context;
    struct in6_addr found[2 * DNS_MAX_ADDRESSES];
    char text[NET_NAME_BYTES];
    /* A member may bear a denied name: the denial wins. */
    if (!grants_name_text(name, text) || policy_denies_name(&names->network->ports[port].policy, text))
        return false;
    size_t count = links_resolve(&names->network->links, port, text, found, sizeof found / sizeof *found);
    *addresses = (struct dns_addresses){0};
    for (size_t i = 0; i < count; i++)
        if (IN6_IS_ADDR_V4MAPPED(&found[i]))
            addresses->v4[addresses->v4_count++].s_addr = htonl(v4_of_address(&found[i]));
        else
            addresses->v6[addresses->v6_count++] = found[i];
    return count > 0;
}

/* Nobody outside knows the addresses of the box's networks, or should hear of those that the box does not reach. */
static enum dns_local reverse(void *context, uint32_t port, const struct dns_name *name, struct dns_name *found) {
    const struct names *names = context;
    const struct net_switch *network = names->network;
    const struct policy *policy = &network->ports[port].policy;
    struct in6_addr address;
    char text[NET_NAME_BYTES];
    if (!reverse_read(name, &address))
        return DNS_LOCAL_FOREIGN;
    if (is_loopback(&address))
        return dns_name_parse("localhost", found) ? DNS_LOCAL_MISSING : DNS_LOCAL_KNOWN;
    if (links_name(&network->links, port, &address, text) && !policy_denies_name(policy, text))
        return dns_name_parse(text, found) ? DNS_LOCAL_MISSING : DNS_LOCAL_KNOWN;
    bool inside = switch_is_inside(network, &address) || links_find(&names->network->links, port, &address);
    return inside || closed_address(&address) || !policy_reverses(policy, &address) ? DNS_LOCAL_MISSING
                                                                                    : DNS_LOCAL_FOREIGN;
}

/* As the resolver answers the other way round (RFC 6761, 6.3). */
static bool is_loopback(const struct in6_addr *address) {
    return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && v4_of_address(address) >> 24 == 127);
}

static bool may_ask(void *context, uint32_t port, const struct dns_name *name) {
    const struct names *names = context;
    char text[NET_NAME_BYTES];
    /* Of a name that no rule could have, the beginning may be a listed one: it counts as little as the rest. */
    if (!grants_name_text(name, text))
        text[0] = 0;
    return policy_resolves(&names->network->ports[port].policy, text);
}

static void want_servers(void *context) {
    const struct names *names = context;
    names->want_servers(names->context);
}
