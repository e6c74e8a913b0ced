/* The switch: one port for each box, each with fixed addresses. Nothing is learned from what a box sends, so none can
 * pass for another, and what is not addressed as it should be goes no further than here. */
#ifndef BOXLITE_NET_SWITCH_SWITCH_H
#define BOXLITE_NET_SWITCH_SWITCH_H

#include "port.h"

void switch_open(struct net_switch *s, const struct net_open *network, const struct switch_callbacks *callbacks);
/* Takes over the stream's descriptor. Returns the port's number, or -1 with the reason. */
int switch_add(struct net_switch *s, const struct net_port *box, int fd, struct err *err);
void switch_remove(struct net_switch *s, uint32_t port);

/* Changes what the box may reach, and cuts what it may reach no more. */
int switch_set_policy(struct net_switch *s, uint32_t port, const struct net_policy *policy, struct err *err);

/* Changes how fast the box may send and receive. */
int switch_set_rates(struct net_switch *s, uint32_t port, const struct net_rates *rates, struct err *err);
/* Once before poll(2) and once behind it: the boxes' caps are as of now. */
void switch_refill(struct net_switch *s);
/* How many bytes the boxes may be sent; SIZE_MAX: without a cap. Of several it is the least, since what waits for them
 * does not say for which. */
size_t switch_room(const struct net_switch *s);
/* Lowers *timeout_ms to when a cap lets something pass again. */
void switch_wait(const struct net_switch *s, int *timeout_ms);

/* The port of the box with this address, or -1. */
int switch_find(const struct net_switch *s, const struct in6_addr *address);
/* Whether the address is of the network that gives the boxes their gateway. */
bool switch_is_inside(const struct net_switch *s, const struct in6_addr *address);
/* A frame for the box whose address it bears. */
void switch_to_box(struct net_switch *s, const uint8_t *frame, size_t size);
void switch_to_port(struct net_switch *s, uint32_t port, const uint8_t *frame, size_t size);

/* As nat_poll and nat_polled: one entry for each place in use. */
size_t switch_poll(struct net_switch *s, struct pollfd *fds);
void switch_polled(struct net_switch *s, const struct pollfd *fds, size_t count);

#endif
