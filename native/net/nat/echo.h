/* Echo requests of IPv6, which libslirp does not pass on: by the kernel's ping sockets, as it does those of IPv4. */
#ifndef BOXLITE_NET_NAT_ECHO_H
#define BOXLITE_NET_NAT_ECHO_H

#include <poll.h>

#include "../packet/packet.h"

enum { MAX_ECHOES = 32 };

/* Requests that wait for their replies; the oldest makes room for a new one. Zeroed, it is empty. */
struct echoes {
    struct echo {
        int fd; /* 0: free */
        uint64_t asked_ms;
        struct in6_addr box;
        uint8_t box_mac[MAC_BYTES];
        uint16_t id;
    } all[MAX_ECHOES];
};

/* Passes a request on, if the host lets us (net.ipv4.ping_group_range). */
void echo_request(struct echoes *echoes, const struct packet *request, uint64_t now_ms);
/* Forgets requests without a reply: their sockets cost a place each. Lowers *timeout_ms to when that is next due. */
size_t echo_poll(struct echoes *echoes, struct pollfd *fds, uint64_t now_ms, int *timeout_ms);
/* The next reply among `fds`, as a frame from `mac`: its size, or 0 when there is none. */
size_t echo_polled(struct echoes *echoes, struct pollfd *fds, size_t count, const uint8_t mac[MAC_BYTES],
                   uint8_t frame[MAX_FRAME]);

#endif
