/* One query on its way to one server of the host, over UDP or TCP, and the reply. */
#ifndef BOXLITE_NET_DNS_EXCHANGE_H
#define BOXLITE_NET_DNS_EXCHANGE_H

#include <sys/socket.h>

#include "message.h"

struct dns_exchange {
    int fd; /* -1: none */
    bool tcp;
    uint16_t id;
    int poll_slot; /* where the socket stands in what is polled; -1: nowhere */
    size_t sent;   /* over TCP, its length included */
    uint8_t prefix[2];
    uint8_t *reply; /* over TCP */
    size_t received, reply_size;
};

enum dns_progress { DNS_WAITING, DNS_REPLIED, DNS_FAILED };

#define DNS_NO_EXCHANGE (struct dns_exchange){.fd = -1, .poll_slot = -1}

/* Sends the query under a fresh random id, from a port that the kernel chooses. Returns -1 when the server can't be
 * reached, and leaves nothing open. */
int dns_exchange_open(struct dns_exchange *exchange, const struct dns_query *query,
                      const struct sockaddr_storage *server, bool tcp);
/* Sends the same datagram once more, so that the server may still answer the first. */
int dns_exchange_repeat(struct dns_exchange *exchange, const struct dns_query *query);
void dns_exchange_close(struct dns_exchange *exchange);

/* What poll(2) has to look for. */
short dns_exchange_events(const struct dns_exchange *exchange, const struct dns_query *query);
/* Goes on after poll(2). A reply matches the query; it is in `buffer` or belongs to the exchange, and may be changed. */
enum dns_progress dns_exchange_continue(struct dns_exchange *exchange, const struct dns_query *query,
                                        uint8_t buffer[DNS_UDP_BYTES], uint8_t **reply, size_t *size);

#endif
