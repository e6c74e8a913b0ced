/* The seam to what takes a box's packets to the world and back. It knows one virtual network with a gateway and the
 * boxes' addresses; which packets may pass is decided above it. Today: libslirp, which opens sockets of the host. */
#ifndef BOXLITE_NET_NAT_NAT_H
#define BOXLITE_NET_NAT_NAT_H

#include <poll.h>
#include <stdbool.h>

#include "../../common/err.h"
#include "../../common/net-control.h"
#include "../packet/packet.h"
#include "host-sockets.h"

struct nat_callbacks {
    /* A frame for a box. Its destination's MAC is not to be relied on. */
    void (*to_box)(void *context, const uint8_t *frame, size_t size);
    /* How many bytes the boxes may be sent now: sockets of the host are read for no more. */
    size_t (*room)(void *context);
    /* A box opens a TCP connection to the resolver's port 53. Takes the descriptor of our end's peer: what is read
     * from it comes from the box. -1: the connection is refused. */
    int (*dns_stream)(void *context, const struct in6_addr *box);
    void *context;
};

struct nat;

/* What does the work, and its version: "libslirp 4.7.0". */
const char *nat_name(void);

/* @returns NULL with the reason */
struct nat *nat_open(const struct net_open *network, const struct nat_callbacks *callbacks, struct err *err);
/* The MAC of the gateway, the resolver, and all that lies behind them. */
const uint8_t *nat_mac(const struct nat *nat);
/* A box is at this address: frames to it need no question. */
void nat_add_box(struct nat *nat, const struct net_port *box);
/* A frame from a box, which the caller has checked. */
void nat_input(struct nat *nat, const struct packet *packet);
/* The same for a connection to the gateway's address, which is to reach the host's loopback. */
void nat_input_to_host(struct nat *nat, const struct packet *packet);

/* Cuts what the boxes have begun and what may not go on. */
void nat_cut(struct nat *nat, bool (*may)(void *context, const struct host_flow *flow), void *context);

/* Gives the box's port to whoever connects or sends to the bound socket `fd`, which nat takes over. */
int nat_publish(struct nat *nat, const struct net_publish *what, const struct net_port *box, int fd, struct err *err);
/* Whether the packet answers somebody who has sent to a published port of UDP. */
bool nat_answers(const struct nat *nat, const struct packet *packet);
int nat_unpublish(struct nat *nat, uint32_t id, struct err *err);

/* For poll(2): writes what to wait for behind `fds` (at most `places`), lowers *timeout_ms (-1: no end) and returns the
 * count; nat_polled takes the same array afterwards. */
size_t nat_poll(struct nat *nat, struct pollfd *fds, size_t places, int *timeout_ms);
void nat_polled(struct nat *nat, struct pollfd *fds, size_t count);

#endif
