/* What a box may do, in a row: honest and broken frames, through the switch to libslirp, whose sockets meet servers in
 * an empty network namespace. */
#include <stddef.h>
#include <sys/uio.h>

#include "net/names/names.h"
#include "net/switch/switch.h"

#include "net-process.h"

enum { PORTS = 8, SERVERS = 4, FIRST_PORT = 40000, SERVER_PORT = 80 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct net_switch network;
static struct names names;
static struct made_frame frame;
static int servers[SERVERS], connections[16];
static size_t next_connection;
/* Of each of the box's ports: what it says next, and what it has heard last. */
static uint32_t said[PORTS], heard[PORTS];

static void to_box(void *context, const uint8_t *bytes, size_t size) {
    (void)context;
    switch_to_box(&network, bytes, size);
}

static size_t room(void *context) {
    (void)context;
    return switch_room(&network);
}

static int dns_stream(void *context, const struct in6_addr *box) {
    (void)context;
    (void)box;
    return names_stream(&names, 0);
}

static void query(void *context, uint32_t port, const struct packet *asked) {
    (void)context;
    names_query(&names, port, asked);
}

static void decided(void *context, uint32_t port, const struct packet *what, const struct verdict *verdict) {
    (void)context;
    (void)port;
    (void)what;
    (void)verdict;
}

static void removed(void *context, uint32_t port) {
    (void)context;
    (void)port;
    __builtin_trap(); /* its stream is never broken here */
}

static bool link_lost(void *context, const struct link *link) {
    (void)context;
    (void)link;
    return true;
}

static void want_servers(void *context) {
    (void)context;
    names_set_servers(&names, &(struct net_resolvers){.type = NET_RESOLVERS});
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    const struct nat_callbacks from_nat = {.to_box = to_box, .room = room, .dns_stream = dns_stream};
    const struct switch_callbacks from_switch = {
        .query = query, .decided = decided, .removed = removed, .link_lost = link_lost};
    struct net_open open = a_network();
    struct net_port box = a_box();
    struct err err;
    int pair[2];
    uint16_t port = SERVER_PORT;
    signal(SIGPIPE, SIG_IGN);
    enter_namespace();
    servers[0] = bound(OUTSIDE4, SOCK_STREAM, &port);
    servers[1] = bound(OUTSIDE6, SOCK_STREAM, &port);
    servers[2] = bound(OUTSIDE4, SOCK_DGRAM, &port);
    servers[3] = bound(OUTSIDE6, SOCK_DGRAM, &port);
    for (size_t i = 0; i < SERVERS; i++)
        need(fcntl(servers[i], F_SETFL, O_NONBLOCK) == 0, "fcntl");
    memset(connections, -1, sizeof connections);
    need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0, "socketpair");
    vmm = pair[0];
    switch_open(&network, &open, &from_switch);
    names_open(&names, &network, want_servers, NULL);
    network.nat = nat_open(&open, &from_nat, &err);
    need(network.nat && switch_add(&network, &box, pair[1], &err) == 0, "open the network");
    return 0;
}

static void turn(void) {
    static struct pollfd fds[8192];
    int timeout_ms = 0;
    size_t boxes = switch_poll(&network, fds), queries = names_poll(&names, fds + boxes, &timeout_ms);
    size_t sockets = nat_poll(network.nat, fds + boxes + queries, 8192 - boxes - queries, &timeout_ms);
    poll(fds, boxes + queries + sockets, 0);
    switch_polled(&network, fds, boxes);
    names_polled(&names, fds + boxes, queries);
    nat_polled(network.nat, fds + boxes + queries, sockets);
}

static void hear_segment(void) {
    size_t header = (size_t)(packet.transport[12] >> 4) * 4;
    uint16_t port = (uint16_t)(packet.destination_port - FIRST_PORT);
    if (port < PORTS)
        heard[port] = get_u32(packet.transport + 4) + (uint32_t)(packet.transport_size - header) +
                      !!(packet.tcp_flags & (TCP_SYN | TCP_FIN));
}

static void hear(void) {
    static uint8_t bytes[1 << 18];
    static size_t used;
    ssize_t n;
    while ((n = recv(vmm, bytes + used, sizeof bytes - used, MSG_DONTWAIT)) > 0) {
        size_t at = 0;
        used += (size_t)n;
        while (used - at >= 4 && used - at - 4 >= get_u32(bytes + at)) {
            size_t size = get_u32(bytes + at);
            packet_parse(bytes + at + 4, size, &packet);
            if (packet.kind == PACKET_TCP)
                hear_segment();
            at += 4 + size;
        }
        memmove(bytes, bytes + at, used - at);
        used -= at;
    }
}

static void segment(const uint8_t *d) {
    static uint8_t tcp[60 + 4096];
    size_t port = d[1] % PORTS, options = d[2] & 0x80 ? 4 * (d[2] % 11) : 0, payload = d[3] * 16u;
    bool v6 = port % 2;
    memset(tcp, d[4], sizeof tcp);
    put_u16(tcp, (uint32_t)(FIRST_PORT + port));
    put_u16(tcp + 2, d[5] & 1 ? SERVER_PORT : d[5]);
    put_u32(tcp + 4, said[port] + (uint32_t)(int32_t)(int8_t)d[6] * (d[7] & 1 ? 1 : 1000));
    put_u32(tcp + 8, (uint32_t)((int64_t)heard[port] + (int8_t)d[8]));
    tcp[12] = (uint8_t)((20 + options) / 4 << 4);
    tcp[13] = d[9] & 0x80 ? d[9] & 0x3f : d[9] & 1 ? TCP_SYN : TCP_ACK | (d[9] & 2 ? TCP_FIN : 0);
    put_u16(tcp + 14, d[10] * 257u);
    put_u16(tcp + 18, d[11]);
    if (options)
        memcpy(tcp + 20, d + 1, options < 11 ? options : 11);
    static const char *const to4[] = {OUTSIDE4, OUTSIDE4, GATEWAY4, RESOLVER4};
    static const char *const to6[] = {OUTSIDE6, OUTSIDE6, GATEWAY6, RESOLVER6};
    if (d[10] % 4 == 3)
        put_u16(tcp + 2, 53);
    make_ip(&frame, v6 ? BOX6 : BOX4, v6 ? to6[d[10] % 4] : to4[d[10] % 4], IPPROTO_TCP, tcp, 20 + options + payload,
            16);
    said[port] += d[6] == 0 ? (uint32_t)payload + !!(tcp[13] & (TCP_SYN | TCP_FIN)) : 0;
}

static void make(const uint8_t *d) {
    static uint8_t payload[2048];
    memset(payload, d[4], sizeof payload);
    memcpy(payload, d, 12);
    bool v6 = d[1] & 1;
    static const char *const to[2][4] = {{OUTSIDE4, GATEWAY4, RESOLVER4, "::ffff:192.0.2.9"},
                                         {OUTSIDE6, GATEWAY6, RESOLVER6, "2001:db8::9"}};
    const char *box = v6 ? BOX6 : BOX4, *there = to[v6][d[2] % 4];
    switch (d[0] % 8) {
    case 4:
        make_udp(&frame, box, there, (uint16_t)(FIRST_PORT + d[3] % PORTS), d[5] & 1 ? SERVER_PORT : 53, payload,
                 d[6] * 8u);
        break;
    case 5:
        make_icmp(&frame, box, there, d[3] & 1 ? (v6 ? 128 : 8) : d[5], d + 4, 8);
        break;
    case 6:
        if (v6)
            make_solicit(&frame, BOX6, there);
        else
            make_arp(&frame, BOX4, there);
        break;
    default:
        segment(d);
    }
    if (d[0] & 0x80)
        frame.bytes[(d[7] * 256u + d[8]) % frame.size] ^= d[9];
}

/* What the servers do. */
static void serve(const uint8_t *d) {
    static uint8_t bytes[4096];
    int fd = accept(servers[d[1] % 2], NULL, NULL);
    if (fd >= 0) {
        int *place = &connections[next_connection++ % 16];
        if (*place >= 0)
            close(*place);
        *place = fd;
    }
    fd = connections[d[2] % 16];
    if (fd >= 0 && d[3] & 1)
        (void)!send(fd, bytes, d[4] * 16u, MSG_DONTWAIT | MSG_NOSIGNAL | (d[3] & 2 ? MSG_OOB : 0));
    if (fd >= 0 && d[3] & 4)
        (void)!recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (fd >= 0 && (d[3] & 0x38) == 0x38)
        shutdown(fd, SHUT_WR);
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    if (recvfrom(servers[2 + d[5] % 2], bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &size) >= 0)
        (void)!sendto(servers[2 + d[5] % 2], bytes, d[6] * 16u, MSG_DONTWAIT, (struct sockaddr *)&from, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    for (size_t at = 0; at + 12 <= size; at += 12) {
        if (data[at] % 8 == 7) {
            serve(data + at);
        } else {
            uint8_t length[4];
            make(data + at);
            put_u32(length, (uint32_t)frame.size);
            struct iovec parts[] = {{length, 4}, {frame.bytes, frame.size}};
            need(writev(vmm, parts, 2) == (ssize_t)(4 + frame.size), "send a frame");
        }
        turn();
        hear();
    }
    return 0;
}
