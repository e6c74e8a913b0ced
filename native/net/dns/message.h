/* Queries of a guest, the replies we write ourselves, and what passes between us and the host's resolvers. */
#ifndef BOXLITE_NET_DNS_MESSAGE_H
#define BOXLITE_NET_DNS_MESSAGE_H

#include <netinet/in.h>

#include "record.h"

enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5,
    DNS_BADVERS = 16, /* RFC 6891, 6.1.3: an extended code, in the OPT record */
};

enum {
    DNS_QUERY_BYTES = 2048,      /* the longest query that we read, EDNS options included */
    DNS_UDP_BYTES = 4096,        /* the longest reply over UDP, whatever a client says that it takes */
    DNS_PLAIN_UDP_BYTES = 512,   /* without EDNS */
    DNS_REQUEST_UDP_BYTES = 1232, /* what we say that we take from a server: it is not fragmented anywhere */
    DNS_QUESTION_BYTES = DNS_NAME_BYTES + 4,
    DNS_OPT_BYTES = 11,
    DNS_REQUEST_BYTES = DNS_HEADER_BYTES + DNS_QUESTION_BYTES + DNS_OPT_BYTES,
    DNS_MAX_ADDRESSES = 16,      /* of one name and family, in our own replies */
    DNS_OWN_REPLY_BYTES = DNS_REQUEST_BYTES + DNS_MAX_ADDRESSES * (12 + 4 + 12 + 16),
};

struct dns_query {
    uint16_t id, flags;
    bool has_question; /* false when the query is broken before the end of it */
    struct dns_name name;
    uint16_t type, class;
    bool edns, dnssec_ok;
    uint16_t edns_size;
};

/* Of one name. */
struct dns_addresses {
    size_t v4_count, v6_count;
    struct in_addr v4[DNS_MAX_ADDRESSES];
    struct in6_addr v6[DNS_MAX_ADDRESSES];
};

/* Reads a hostile query. Returns DNS_NOERROR, the code of the error to answer with, or -1 when there must be no
 * answer: the message is itself a reply, or too short to be answered. */
int dns_query_read(const uint8_t *message, size_t size, struct dns_query *query);
/* The longest reply that the client takes over UDP. */
size_t dns_query_udp_limit(const struct dns_query *query);

/* Writes our own reply, with those of the addresses (NULL: none) that the query's type wants, as far as its client has
 * room. Returns its size. */
size_t dns_reply_write(const struct dns_query *query, enum dns_rcode code, const struct dns_addresses *addresses,
                       uint8_t to[DNS_OWN_REPLY_BYTES]);

/* The same with the name that the query's own stands for. */
size_t dns_reply_write_name(const struct dns_query *query, const struct dns_name *name,
                            uint8_t to[DNS_OWN_REPLY_BYTES]);

/* Writes the query as we send it to a server: nothing of it but what we understand. Returns its size. */
size_t dns_request_write(const struct dns_query *query, uint16_t id, uint8_t to[DNS_REQUEST_BYTES]);

/* Whether a hostile message is a reply to the query that we sent under this id. */
bool dns_reply_matches(const struct dns_query *query, uint16_t id, const uint8_t *message, size_t size);
/* Of a message that matches. */
bool dns_reply_is_truncated(const uint8_t *message);
enum dns_rcode dns_reply_code(const uint8_t *message);
/* Writes what fits of a message that matches: whole answers only, since there are clients (musl until 1.2.3) that use
 * them and never ask again over TCP. Returns the size, at most `limit`, which holds a question without answers. */
size_t dns_reply_truncate(const struct dns_query *query, const uint8_t *message, size_t size, size_t limit,
                          uint8_t *to);

#endif
