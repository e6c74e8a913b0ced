#include <errno.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../../common/cleanup.h"
#include "../packet/clock.h"
#include "../packet/reply.h"
#include "echo.h"
#include "host-sockets.h"
#include "nat.h"
#include "published.h"
#include "quiet.h"
#include "segment-size.h"
#include "spare-memory.h"
#include "spared-calls.h"
#include "turns.h"

enum { MAX_PUBLICATIONS = 512, DNS_PORT = 53, IPV6_BYTES = 40, QUIET_MS = 60000 };

struct publication {
    struct net_publish what; /* type 0: free */
    int fd;                  /* the number libslirp knows it by */
};

struct nat {
    Slirp *slirp;
    struct nat_callbacks callbacks;
    uint8_t mac[MAC_BYTES];
    uint32_t mtu;
    struct in6_addr gateway, gateway6, resolver, resolver6;
    const struct in6_addr *asking; /* the box whose packet is under way */
    struct publication publications[MAX_PUBLICATIONS];
    struct echoes echoes;
    struct spare_memory memory;
    struct turns turns;
    bool is_held; /* since the last nat_poll nothing is read: there is no room for it */
    size_t echo_count; /* of the last nat_poll; they stand first */
    struct pollfd *fds; /* while libslirp fills it, and while it looks at it */
    size_t places, count;
};

static ssize_t to_box(const void *frame, size_t size, void *opaque);
static int64_t now_ns(void *opaque);
static int add_poll(int fd, int events, void *opaque);
static int polled(int index, void *opaque);
static size_t room(void *context);
static int connect_dns(void *context);
static struct publication *find_publication(struct nat *nat, uint32_t id);
static void input(struct nat *nat, const struct packet *packet, bool to_host);
static void answer_echo(struct nat *nat, const struct packet *request);
static bool is_to_resolver(const struct nat *nat, const struct packet *packet);

static SlirpCb callbacks = {
    .send_packet = to_box,
    .clock_get_ns = now_ns,
};

const char *nat_name(void) {
    static char name[64];
    snprintf(name, sizeof name, "libslirp %s", slirp_version_string());
    return name;
}

struct nat *nat_open(const struct net_open *network, const struct nat_callbacks *ours, struct err *err) {
    struct nat *nat = calloc(1, sizeof *nat);
    if (!nat) {
        err_errno(err, "open the network");
        return NULL;
    }
    spare_memory_keep();
    nat->callbacks = *ours;
    nat->turns = NO_TURNS;
    nat->mtu = network->mtu;
    host_sockets_show(network);
    nat->resolver = address_of_v4(network->resolver);
    nat->resolver6 = network->resolver6;
    nat->gateway = address_of_v4(network->gateway);
    nat->gateway6 = network->gateway6;
    uint32_t mask = network->prefix_length ? 0xffffffffU << (32 - network->prefix_length) : 0;
    SlirpConfig config = {
        .version = 4,
        .in_enabled = true,
        .vnetwork.s_addr = htonl(network->prefix),
        .vnetmask.s_addr = htonl(mask),
        .vhost.s_addr = htonl(network->gateway),
        .vnameserver.s_addr = htonl(network->resolver),
        .vdhcp_start.s_addr = htonl(network->resolver + 1),
        .in6_enabled = true,
        .vprefix_addr6 = network->prefix6,
        .vprefix_len = 64,
        .vhost6 = network->gateway6,
        .vnameserver6 = network->resolver6,
        .if_mtu = network->mtu,
        .if_mru = network->mtu < SEGMENT_PACKET_BYTES ? network->mtu : SEGMENT_PACKET_BYTES,
        .disable_dns = true,
        .disable_dhcp = true,
    };
    quiet_callbacks(&callbacks);
    nat->slirp = slirp_new(&config, &callbacks, nat);
    if (!nat->slirp) {
        free(nat);
        err_set(err, EINVAL, "libslirp does not take the network's addresses");
        return NULL;
    }
    /* libslirp's own: 52:55 and the gateway's address. */
    nat->mac[0] = 0x52;
    nat->mac[1] = 0x55;
    put_u32(nat->mac + 2, network->gateway);
    return nat;
}

const uint8_t *nat_mac(const struct nat *nat) { return nat->mac; }

/* libslirp learns its neighbours from what they say: a gratuitous ARP request, and a neighbour advertisement. */
void nat_add_box(struct nat *nat, const struct net_port *box) {
    uint8_t arp[42] = {[12] = 0x08, 0x06, 0, 1, 8, 0, MAC_BYTES, 4, 0, 1};
    memset(arp, 0xff, MAC_BYTES);
    memcpy(arp + 6, box->mac, MAC_BYTES);
    memcpy(arp + 22, box->mac, MAC_BYTES);
    put_u32(arp + 28, box->address);
    put_u32(arp + 38, box->address);
    slirp_input(nat->slirp, arp, sizeof arp);
    struct packet question = {
        .v6 = true, .from_mac = nat->mac, .to_mac = box->mac, .source = nat->gateway6, .destination = box->address6};
    uint8_t advert[128];
    slirp_input(nat->slirp, advert, (int)reply_neighbour(&question, box->mac, advert));
}

void nat_input(struct nat *nat, const struct packet *packet) {
    if (packet->kind == PACKET_ECHO && same_address(&packet->destination, &nat->resolver6)) {
        answer_echo(nat, packet);
        return;
    }
    if (packet->kind == PACKET_ECHO && packet->v6 && !same_address(&packet->destination, &nat->gateway6)) {
        echo_request(&nat->echoes, packet, clock_ms());
        return;
    }
    input(nat, packet, false);
}

void nat_input_to_host(struct nat *nat, const struct packet *packet) { input(nat, packet, true); }

void nat_cut(struct nat *nat, bool (*may)(void *context, const struct host_flow *flow), void *context) {
    (void)nat;
    host_sockets_cut(may, context);
}

static void input(struct nat *nat, const struct packet *packet, bool to_host) {
    bool is_dns = packet->kind == PACKET_TCP && is_to_resolver(nat, packet);
    nat->asking = &packet->source;
    host_sockets_begin(&(struct host_work){.box = &packet->source,
                                           .connect_dns = is_dns ? connect_dns : NULL,
                                           .context = nat,
                                           .to_host = to_host,
                                           .resets = packet->kind == PACKET_TCP && packet->tcp_flags & TCP_RST});
    slirp_input(nat->slirp, packet->frame, (int)packet->size);
    host_sockets_end();
    nat->asking = NULL;
}

/* Of IPv6, libslirp answers for the gateway alone. */
static void answer_echo(struct nat *nat, const struct packet *request) {
    static uint8_t frame[MAX_FRAME];
    uint8_t *icmp = frame + ETHERNET_BYTES + IPV6_BYTES;
    memcpy(icmp, request->transport, request->transport_size);
    icmp[0] = ICMP6_ECHO_REPLY;
    uint16_t id = get_u16(request->transport + 4);
    to_box(frame,
           reply_echo(&request->source, request->from_mac, id, &request->destination, nat->mac, request->transport_size,
                      frame),
           nat);
}

static bool is_to_resolver(const struct nat *nat, const struct packet *packet) {
    return packet->destination_port == DNS_PORT &&
           (same_address(&packet->destination, &nat->resolver) || same_address(&packet->destination, &nat->resolver6));
}

static int connect_dns(void *context) {
    struct nat *nat = context;
    return nat->callbacks.dns_stream(nat->callbacks.context, nat->asking);
}

int nat_publish(struct nat *nat, const struct net_publish *what, const struct net_port *box, int given,
                struct err *err) {
    cleanup_fd int fd = given;
    bool is_udp = what->protocol == IPPROTO_UDP;
    struct sockaddr_storage host = {0};
    socklen_t size = sizeof host;
    struct publication *free_place = find_publication(nat, 0);
    if (!free_place || what->id == 0 || find_publication(nat, what->id))
        return err_set(err, EINVAL, "publication %u can't be added", what->id);
    if (getsockname(fd, (struct sockaddr *)&host, &size) || fcntl(fd, F_SETFL, O_NONBLOCK))
        return err_errno(err, "look at a published socket");
    /* libslirp reaches the box by the family that the client came by. */
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)what->box_port), .sin_addr.s_addr = htonl(box->address)};
    struct sockaddr_in6 to6 = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)what->box_port), .sin6_addr = box->address6};
    bool v6 = host.ss_family == AF_INET6;
    host_sockets_adopt(fd, is_udp ? (uint16_t)what->box_port : 0);
    host_sockets_begin(&(struct host_work){0});
    int failed = slirp_add_hostxfwd(nat->slirp, (struct sockaddr *)&host, size,
                                    v6 ? (struct sockaddr *)&to6 : (struct sockaddr *)&to, v6 ? sizeof to6 : sizeof to,
                                    (is_udp ? SLIRP_HOSTFWD_UDP : 0) | (v6 ? SLIRP_HOSTFWD_V6ONLY : 0));
    host_sockets_end();
    int taken = host_sockets_adopted();
    if (failed || taken < 0)
        return err_errno(err, "publish port %u", what->box_port);
    *free_place = (struct publication){.what = *what, .fd = taken};
    return 0;
}

bool nat_answers(const struct nat *nat, const struct packet *packet) {
    if (packet->kind != PACKET_UDP)
        return false;
    bool host = same_address(&packet->destination, packet->v6 ? &nat->gateway6 : &nat->gateway);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(packet->destination_port),
                             .sin_addr.s_addr = htonl(host ? INADDR_LOOPBACK : v4_of_address(&packet->destination))};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons(packet->destination_port),
                               .sin6_addr = host ? in6addr_loopback : packet->destination};
    return published_were_asked(packet->source_port, packet->v6 ? (struct sockaddr *)&to6 : (struct sockaddr *)&to);
}

int nat_unpublish(struct nat *nat, uint32_t id, struct err *err) {
    struct publication *publication = id ? find_publication(nat, id) : NULL;
    struct sockaddr_storage host;
    socklen_t size = sizeof host;
    if (!publication || getsockname(publication->fd, (struct sockaddr *)&host, &size))
        return err_set(err, ENOENT, "nothing is published as %u", id);
    bool is_udp = publication->what.protocol == IPPROTO_UDP;
    published_forget(publication->fd);
    int failed = slirp_remove_hostxfwd(nat->slirp, (struct sockaddr *)&host, size, is_udp ? SLIRP_HOSTFWD_UDP : 0);
    *publication = (struct publication){0};
    return failed ? err_set(err, EINVAL, "publication %u can't be removed", id) : 0;
}

/* @param id 0 finds a free place */
static struct publication *find_publication(struct nat *nat, uint32_t id) {
    for (size_t i = 0; i < MAX_PUBLICATIONS; i++)
        if (nat->publications[i].what.id == id)
            return &nat->publications[i];
    return NULL;
}

size_t nat_poll(struct nat *nat, struct pollfd *fds, size_t places, int *timeout_ms) {
    nat->echo_count = places < MAX_ECHOES ? 0 : echo_poll(&nat->echoes, fds, clock_ms(), timeout_ms);
    nat->is_held = room(nat) == 0;
    for (size_t i = 0; i < nat->echo_count && nat->is_held; i++)
        fds[i].fd = -1;
    uint32_t timeout = *timeout_ms < 0 ? UINT32_MAX : (uint32_t)*timeout_ms;
    nat->fds = fds;
    nat->places = places;
    nat->count = nat->echo_count;
    slirp_pollfds_fill(nat->slirp, &timeout, add_poll, nat);
    /* For a listening socket, too, and for what is quiet, it wants to wake up twice a second. */
    bool busy = host_sockets_streams() > 0;
    if (busy)
        *timeout_ms = timeout > INT32_MAX ? -1 : (int)timeout;
    else if (host_sockets_open() > 0 && (*timeout_ms < 0 || *timeout_ms > QUIET_MS))
        *timeout_ms = QUIET_MS;
    spare_memory_poll(&nat->memory, busy, clock_ms(), timeout_ms);
    return nat->count;
}

void nat_polled(struct nat *nat, struct pollfd *fds, size_t count) {
    static uint8_t frame[MAX_FRAME];
    size_t size;
    while (room(nat) && (size = echo_polled(&nat->echoes, fds, nat->echo_count, nat->mac, frame)))
        to_box(frame, size, nat);
    nat->fds = fds;
    nat->count = count;
    if (!nat->is_held)
        turns_begin(&nat->turns, fds + nat->echo_count, count - nat->echo_count);
    host_sockets_begin(&(struct host_work){.room = room, .context = nat});
    slirp_pollfds_poll(nat->slirp, 0, polled, nat);
    host_sockets_end();
}

static int add_poll(int fd, int events, void *opaque) {
    struct nat *nat = opaque;
    if (nat->count == nat->places)
        return -1;
    short wanted = (short)((events & SLIRP_POLL_IN ? POLLIN : 0) | (events & SLIRP_POLL_OUT ? POLLOUT : 0) |
                           (events & SLIRP_POLL_PRI ? POLLPRI : 0));
    /* What is not to be read must not wake us by its end, either. */
    if (nat->is_held)
        wanted &= POLLOUT;
    nat->fds[nat->count] = (struct pollfd){.fd = wanted ? fd : -1, .events = wanted};
    return (int)nat->count++;
}

static int polled(int index, void *opaque) {
    struct nat *nat = opaque;
    if (index < 0 || (size_t)index >= nat->count)
        return 0;
    short happened = nat->fds[index].revents;
    spared_polled(nat->fds[index].fd, happened & (POLLERR | POLLHUP));
    if (happened & ~POLLOUT && !turns_may_read(&nat->turns, nat->fds[index].fd, room(nat) > 0))
        happened &= POLLOUT;
    return (happened & POLLIN ? SLIRP_POLL_IN : 0) | (happened & POLLOUT ? SLIRP_POLL_OUT : 0) |
           (happened & POLLPRI ? SLIRP_POLL_PRI : 0) | (happened & POLLERR ? SLIRP_POLL_ERR : 0) |
           (happened & POLLHUP ? SLIRP_POLL_HUP : 0);
}

static size_t room(void *context) {
    const struct nat *nat = context;
    return nat->callbacks.room(nat->callbacks.context);
}

static ssize_t to_box(const void *frame, size_t size, void *opaque) {
    struct nat *nat = opaque;
    nat->callbacks.to_box(nat->callbacks.context, segment_size_raise(frame, size, nat->mtu), size);
    return (ssize_t)size;
}

static int64_t now_ns(void *opaque) {
    (void)opaque;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}
