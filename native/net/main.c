/* boxlite-net: the network of one or more boxes. Takes their frames from the VMMs, answers for the gateway and the
 * resolver, decides what may pass, and leaves it to the NAT. Has no rights but to sockets. See native/README.md. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "control/control.h"
#include "filter.h"
#include "loop.h"
#include "packet/closed.h"

static int open_network(struct net *net, struct err *err);
static void to_box(void *context, const uint8_t *frame, size_t size);
static size_t room(void *context);
static int dns_stream(void *context, const struct in6_addr *box);
static void query(void *context, uint32_t port, const struct packet *packet);
static void decided(void *context, uint32_t port, const struct packet *packet, const struct verdict *verdict);
static void removed(void *context, uint32_t port);
static bool link_lost(void *context, const struct link *link);
static void want_servers(void *context);

static struct net net;

int main(int argc, char **argv) {
    struct err err;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts(nat_name()) < 0;
    prctl(PR_SET_NAME, "boxlite-net");
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 1;
    net.shims[net.shim_count++] = (struct shim){.fd = NET_CONTROL_FD, .port = -1};
    if (open_network(&net, &err)) {
        control_answer(NET_CONTROL_FD, &err);
        return 1;
    }
    control_answer(NET_CONTROL_FD, NULL);
    loop_run(&net);
    return 0;
}

static int open_network(struct net *of, struct err *err) {
    struct net_open network;
    const struct nat_callbacks from_nat = {.to_box = to_box, .room = room, .dns_stream = dns_stream, .context = of};
    const struct switch_callbacks from_switch = {
        .query = query, .decided = decided, .removed = removed, .link_lost = link_lost, .context = of};
    if (control_read_open(NET_CONTROL_FD, &network, err))
        return -1;
    closed_look_around();
    switch_open(&of->network, &network, &from_switch);
    names_open(&of->names, &of->network, want_servers, of);
    of->network.nat = nat_open(&network, &from_nat, err);
    return of->network.nat ? jail_enter(&net_jail, network.user, err) : -1;
}

static void to_box(void *context, const uint8_t *frame, size_t size) {
    struct net *of = context;
    switch_to_box(&of->network, frame, size);
}

static size_t room(void *context) {
    const struct net *of = context;
    return switch_room(&of->network);
}

static int dns_stream(void *context, const struct in6_addr *box) {
    struct net *of = context;
    int port = switch_find(&of->network, box);
    return port < 0 ? -1 : names_stream(&of->names, (uint32_t)port);
}

static void query(void *context, uint32_t port, const struct packet *packet) {
    struct net *of = context;
    names_query(&of->names, port, packet);
}

static void decided(void *context, uint32_t port, const struct packet *packet, const struct verdict *verdict) {
    control_decided(context, port, packet, verdict);
}

static void removed(void *context, uint32_t port) {
    struct net *of = context;
    names_drop(&of->names, port);
    /* Its place may be another box's next. */
    for (uint32_t i = 0; i < of->shim_count; i++)
        if (of->shims[i].port == (int)port)
            of->shims[i].port = -1;
}

static bool link_lost(void *context, const struct link *link) { return control_link_lost(context, link); }

static void want_servers(void *context) { control_want_resolvers(context); }
