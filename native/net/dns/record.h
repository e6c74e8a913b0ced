/* Resource records of a DNS message, and the walk over those that answer a question. */
#ifndef BOXLITE_NET_DNS_RECORD_H
#define BOXLITE_NET_DNS_RECORD_H

#include "name.h"

enum { DNS_HEADER_BYTES = 12 };

enum dns_type {
    DNS_TYPE_A = 1,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_PTR = 12,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_OPT = 41,
    DNS_TYPE_TKEY = 249,
    DNS_TYPE_AXFR = 252,
    DNS_TYPE_ANY = 255,
};

enum { DNS_CLASS_IN = 1 };

struct dns_record {
    struct dns_name owner;
    uint16_t type, class;
    uint32_t ttl;
    const uint8_t *data; /* inside the message; names in it may be compressed */
    size_t data_size;
};

/* Numbers of a message, in network order. */
uint16_t dns_u16(const uint8_t *from);
void dns_put_u16(uint8_t *to, unsigned value);

/* Reads the record at the offset `at` of a hostile message. Returns the offset behind it, or 0 when it breaks the
 * format. */
size_t dns_record_read(const uint8_t *message, size_t size, size_t at, struct dns_record *record);

/* A walk over the answer section of a hostile message. */
struct dns_answers {
    const uint8_t *message;
    size_t size, at;
    unsigned left;
};

struct dns_answer {
    struct dns_record record;
    struct dns_name target; /* of a CNAME; else of size 0 */
};

/* Returns -1 when the message breaks the format before its answers. */
int dns_answers_begin(struct dns_answers *answers, const uint8_t *message, size_t size);
/* 1 and the next answer in the order of the message, 0 behind the last, -1 when the message breaks the format: its
 * record, or the data of an A (4 bytes of address), an AAAA (16) or a CNAME (a name). A TTL is at most INT32_MAX
 * (RFC 2181, 8). */
int dns_answers_next(struct dns_answers *answers, struct dns_answer *answer);

#endif
