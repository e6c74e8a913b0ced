#include "switch.h"

#include <errno.h>
#include <string.h>

#include "../packet/clock.h"
#include "../packet/closed.h"
#include "../packet/reply.h"
#include "members.h"

enum { DNS_PORT = 53, ANSWER_BYTES = REPLY_HEADERS + 256 };

static bool may_go_on(void *context, const struct host_flow *flow);
static void from_box(struct net_switch *s, uint32_t port, const uint8_t *frame, size_t size);
static void neighbour(struct net_switch *s, uint32_t port, const struct packet *packet);
static void out(struct net_switch *s, uint32_t port, const struct packet *packet);
static void to_nat(struct net_switch *s, const struct packet *packet);
static bool may_pass(struct net_switch *s, uint32_t port, const struct packet *packet);
static struct verdict decide(struct net_switch *s, struct port *port, const struct packet *packet);
static bool is_resolver(const struct net_switch *s, const struct in6_addr *address);
static bool is_gateway(const struct net_switch *s, const struct in6_addr *address);
static void earlier(int *timeout_ms, int wait_ms);
static void read_box(struct port *port);
static bool has_room(void *context, const struct link *link);
static void from_link(void *context, struct link *link, uint8_t *frame, size_t size);
static bool link_lost(void *context, const struct link *link);
static struct link *link_to(struct net_switch *s, uint32_t port, const struct in6_addr *address);
static bool is_own(const struct port *port, const struct packet *packet);
static void refuse(struct net_switch *s, uint32_t port, const struct packet *packet);

void switch_open(struct net_switch *s, const struct net_open *network, const struct switch_callbacks *callbacks) {
    s->network = *network;
    s->gateway = address_of_v4(network->gateway);
    s->resolver = address_of_v4(network->resolver);
    s->callbacks = *callbacks;
    const struct link_callbacks callbacks_of_links = {
        .has_room = has_room, .packet = from_link, .lost = link_lost, .context = s};
    links_open(&s->links, &callbacks_of_links);
}

int switch_add(struct net_switch *s, const struct net_port *box, int fd, struct err *err) {
    struct in6_addr address = address_of_v4(box->address);
    if (switch_find(s, &address) >= 0 || switch_find(s, &box->address6) >= 0)
        return err_set(err, EADDRINUSE, "another box of the network has the address");
    uint32_t number = 0;
    while (number < s->port_count && s->ports[number].stream.fd >= 0)
        number++;
    if (number == MAX_PORTS)
        return err_set(err, ENOSPC, "a network has room for %d boxes", MAX_PORTS);
    struct port *port = &s->ports[number];
    *port = (struct port){.box = *box, .address = address, .address6 = box->address6};
    stream_open(&port->stream, fd, s->network.mtu);
    if (number == s->port_count)
        s->port_count++;
    nat_add_box(s->nat, box);
    return (int)number;
}

void switch_remove(struct net_switch *s, uint32_t port) {
    if (s->ports[port].stream.fd < 0)
        return;
    stream_close(&s->ports[port].stream);
    links_drop(&s->links, port);
    policy_free(&s->ports[port].policy);
    s->callbacks.removed(s->callbacks.context, port);
}

int switch_set_policy(struct net_switch *s, uint32_t port, const struct net_policy *policy, struct err *err) {
    if (policy_set(&s->ports[port].policy, policy, err))
        return -1;
    nat_cut(s->nat, may_go_on, s);
    return 0;
}

static bool may_go_on(void *context, const struct host_flow *flow) {
    struct net_switch *s = context;
    int port = switch_find(s, &flow->box);
    if (port < 0)
        return false;
    struct policy *policy = &s->ports[port].policy;
    /* The NAT connects to the host's loopback for no other reason. */
    if (closed_address(&flow->to))
        return policy_allows_host(policy, flow->port);
    return policy_admits(policy, &flow->to, flow->port, flow->protocol);
}

int switch_set_rates(struct net_switch *s, uint32_t port, const struct net_rates *rates, struct err *err) {
    if (rates->tx > BUCKET_MAX_RATE || rates->rx > BUCKET_MAX_RATE)
        return err_set(err, ERANGE, "a cap is at most %llu bytes per second", BUCKET_MAX_RATE);
    bucket_set(&s->ports[port].tx, rates->tx, clock_ns());
    bucket_set(&s->ports[port].rx, rates->rx, clock_ns());
    return 0;
}

void switch_refill(struct net_switch *s) {
    for (uint32_t i = 0; i < s->port_count; i++) {
        struct port *port = &s->ports[i];
        if (!port->tx.rate && !port->rx.rate)
            continue;
        uint64_t now = clock_ns();
        bucket_fill(&port->tx, now);
        bucket_fill(&port->rx, now);
    }
}

size_t switch_room(const struct net_switch *s) {
    size_t least = SIZE_MAX;
    for (uint32_t i = 0; i < s->port_count; i++) {
        size_t room = s->ports[i].stream.fd >= 0 ? bucket_room(&s->ports[i].rx) : SIZE_MAX;
        least = room < least ? room : least;
    }
    return least;
}

void switch_wait(const struct net_switch *s, int *timeout_ms) {
    for (uint32_t i = 0; i < s->port_count; i++)
        if (s->ports[i].stream.fd >= 0) {
            earlier(timeout_ms, bucket_wait_ms(&s->ports[i].tx));
            earlier(timeout_ms, bucket_wait_ms(&s->ports[i].rx));
        }
}

static void earlier(int *timeout_ms, int wait_ms) {
    if (wait_ms >= 0 && (*timeout_ms < 0 || *timeout_ms > wait_ms))
        *timeout_ms = wait_ms;
}

int switch_find(const struct net_switch *s, const struct in6_addr *address) {
    for (uint32_t i = 0; i < s->port_count; i++)
        if (s->ports[i].stream.fd >= 0 &&
            (same_address(&s->ports[i].address, address) || same_address(&s->ports[i].address6, address)))
            return (int)i;
    return -1;
}

bool switch_is_inside(const struct net_switch *s, const struct in6_addr *address) {
    if (!IN6_IS_ADDR_V4MAPPED(address))
        return memcmp(address, &s->network.prefix6, 8) == 0;
    uint64_t differing = v4_of_address(address) ^ s->network.prefix;
    return differing >> (32 - s->network.prefix_length) == 0;
}

void switch_to_box(struct net_switch *s, const uint8_t *frame, size_t size) {
    struct packet packet;
    packet_parse(frame, size, &packet);
    int port = switch_find(s, &packet.destination);
    if (port < 0 || packet.kind == PACKET_ARP || packet.kind == PACKET_SOLICIT)
        return;
    gaps_answered(&s->gaps, &packet);
    switch_to_port(s, (uint32_t)port, frame, size);
}

/* What could not wait until there was room passes all the same; but a box that floods us with what we answer must not
 * get more than its cap by that. */
void switch_to_port(struct net_switch *s, uint32_t port, const uint8_t *frame, size_t size) {
    struct stream *stream = &s->ports[port].stream;
    struct bucket *rx = &s->ports[port].rx;
    if (stream->fd < 0)
        return;
    if (bucket_is_overdrawn(rx)) {
        stream->dropped++;
        return;
    }
    bucket_take(rx, size);
    if (stream_send(stream, frame, size))
        stream->broken = true;
}

size_t switch_poll(struct net_switch *s, struct pollfd *fds) {
    for (uint32_t i = 0; i < s->port_count; i++) {
        struct stream *stream = &s->ports[i].stream;
        if (stream_flush(stream))
            stream->broken = true;
        short reads = bucket_room(&s->ports[i].tx) ? POLLIN : 0;
        short writes = stream->fd >= 0 && stream_waits_to_write(stream) ? POLLOUT : 0;
        /* A stream that we don't read must not wake us by its end. */
        fds[i] = (struct pollfd){.fd = reads || writes ? stream->fd : -1, .events = reads | writes};
    }
    return s->port_count;
}

void switch_polled(struct net_switch *s, const struct pollfd *fds, size_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct stream *stream = &s->ports[i].stream;
        if (stream->fd < 0 || stream->fd != fds[i].fd)
            continue;
        if (fds[i].revents & POLLOUT && stream_write(stream))
            stream->broken = true;
        if (fds[i].revents & (POLLIN | POLLHUP | POLLERR))
            read_box(&s->ports[i]);
        const uint8_t *frame;
        size_t size;
        while (stream_next(stream, &frame, &size))
            from_box(s, i, frame, size);
        if (stream->broken)
            switch_remove(s, i);
    }
}

/* What a box may not send yet stays in its VMM, which then takes no more from its guest. */
static void read_box(struct port *port) {
    size_t room = bucket_room(&port->tx);
    ssize_t n = room ? stream_read(&port->stream, room) : 0;
    if (n < 0)
        port->stream.broken = true;
    else
        bucket_take(&port->tx, (size_t)n);
}

static bool has_room(void *context, const struct link *link) {
    const struct net_switch *s = context;
    return bucket_room(&s->ports[link->port].rx) > 0;
}

static void from_link(void *context, struct link *link, uint8_t *frame, size_t size) {
    struct net_switch *s = context;
    if (members_in(s, link, frame, size))
        switch_to_port(s, link->port, frame, size);
    else
        s->ports[link->port].refused++;
}

static bool link_lost(void *context, const struct link *link) {
    const struct net_switch *s = context;
    return s->callbacks.link_lost(s->callbacks.context, link);
}

static void from_box(struct net_switch *s, uint32_t port, const uint8_t *frame, size_t size) {
    struct packet packet;
    struct port *from = &s->ports[port];
    struct link *link;
    packet_parse(frame, size, &packet);
    if (packet.kind == PACKET_IGNORED)
        return;
    if (packet.kind == PACKET_BAD || memcmp(packet.from_mac, from->box.mac, MAC_BYTES) != 0)
        from->refused++;
    else if (packet.kind == PACKET_ARP || packet.kind == PACKET_SOLICIT)
        neighbour(s, port, &packet);
    else if (memcmp(packet.to_mac, nat_mac(s->nat), MAC_BYTES) != 0)
        from->refused++;
    else if ((link = link_to(s, port, &packet.destination))) {
        if (!members_out(s, port, link, &packet))
            refuse(s, port, &packet);
    } else if (!is_own(from, &packet))
        from->refused++;
    else
        out(s, port, &packet);
}

/* Its gateway and its resolver are the box's own, also where its primary network has a name. */
static struct link *link_to(struct net_switch *s, uint32_t port, const struct in6_addr *address) {
    return switch_is_ours(s, address) ? NULL : links_find(&s->links, port, address);
}

static bool is_own(const struct port *port, const struct packet *packet) {
    return same_address(&packet->source, packet->v6 ? &port->address6 : &port->address);
}

/* A box that asks whether an address is free (source 0.0.0.0 or ::) gets no answer: its own is. */
static void neighbour(struct net_switch *s, uint32_t port, const struct packet *packet) {
    uint8_t answer[ANSWER_BYTES];
    const struct link *link = link_to(s, port, &packet->destination);
    /* The other members are behind the gateway's MAC. */
    bool known = switch_is_ours(s, &packet->destination) || (link && link_has(link, &packet->destination));
    bool asks = is_own(&s->ports[port], packet) || links_is_own(&s->links, port, &packet->source) ||
                (packet->v6 && IN6_IS_ADDR_LINKLOCAL(&packet->source));
    if (known && asks)
        switch_to_port(s, port, answer, reply_neighbour(packet, nat_mac(s->nat), answer));
}

static void out(struct net_switch *s, uint32_t port, const struct packet *packet) {
    if (packet->kind == PACKET_UDP && packet->destination_port == DNS_PORT && is_resolver(s, &packet->destination))
        s->callbacks.query(s->callbacks.context, port, packet);
    else if (!may_pass(s, port, packet))
        refuse(s, port, packet);
    else
        to_nat(s, packet);
}

static void to_nat(struct net_switch *s, const struct packet *packet) {
    uint8_t frame[GAPS_RESET_BYTES];
    struct packet reset;
    gaps_begin(&s->gaps, packet);
    if (packet->kind == PACKET_TCP && is_gateway(s, &packet->destination))
        nat_input_to_host(s->nat, packet);
    else
        nat_input(s->nat, packet);
    if (!gaps_end(&s->gaps, host_sockets_streams()))
        return;
    packet_parse(frame, gaps_reset(packet, frame), &reset);
    nat_input(s->nat, &reset);
}

/* A packet of TCP that begins no connection belongs to one that has passed already, or finds none. */
static bool may_pass(struct net_switch *s, uint32_t port, const struct packet *packet) {
    if (packet->kind == PACKET_TCP && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
        return true;
    if (nat_answers(s->nat, packet))
        return true;
    if (packet->kind == PACKET_ICMP)
        return false;
    if (switch_is_ours(s, &packet->destination) &&
        (packet->kind == PACKET_ECHO || packet->destination_port == DNS_PORT))
        return packet->kind == PACKET_ECHO || is_resolver(s, &packet->destination);
    struct verdict verdict = decide(s, &s->ports[port], packet);
    if (verdict.is_news && s->ports[port].policy.reports)
        s->callbacks.decided(s->callbacks.context, port, packet, &verdict);
    return verdict.allowed;
}

static struct verdict decide(struct net_switch *s, struct port *port, const struct packet *packet) {
    const struct in6_addr *to = &packet->destination;
    if (!switch_is_inside(s, to))
        return policy_decide(&port->policy, packet, clock_ms());
    bool host = packet->kind == PACKET_TCP && is_gateway(s, to);
    return (struct verdict){
        .allowed = host && policy_allows_host(&port->policy, packet->destination_port), .is_news = true, .rule = -1};
}

static bool is_gateway(const struct net_switch *s, const struct in6_addr *address) {
    return same_address(address, &s->gateway) || same_address(address, &s->network.gateway6);
}

static bool is_resolver(const struct net_switch *s, const struct in6_addr *address) {
    return same_address(address, &s->resolver) || same_address(address, &s->network.resolver6);
}

static void refuse(struct net_switch *s, uint32_t port, const struct packet *packet) {
    uint8_t answer[ANSWER_BYTES];
    s->ports[port].refused++;
    size_t size = reply_refused(packet, packet->v6 ? &s->network.gateway6 : &s->gateway, answer);
    if (size)
        switch_to_port(s, port, answer, size);
}
