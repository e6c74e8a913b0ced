/* DNS messages made for a test. */
#ifndef BOXLITE_TEST_DNS_MADE_H
#define BOXLITE_TEST_DNS_MADE_H

#include <string.h>

#include "net/dns/message.h"

#include "../guest/check.h"

struct made {
    size_t size;
    uint8_t bytes[70000];
};

static inline void made_u16(struct made *made, unsigned value) {
    dns_put_u16(made->bytes + made->size, value);
    made->size += 2;
}

static inline void made_bytes(struct made *made, const void *bytes, size_t n) {
    memcpy(made->bytes + made->size, bytes, n);
    made->size += n;
}

static inline void made_name(struct made *made, const char *text) {
    struct dns_name name;
    if (dns_name_parse(text, &name))
        exit(2);
    made_bytes(made, name.wire, name.size);
}

static inline void made_header(struct made *made, unsigned id, unsigned flags, unsigned questions, unsigned answers,
                               unsigned authority, unsigned additional) {
    made->size = 0;
    const unsigned fields[] = {id, flags, questions, answers, authority, additional};
    for (size_t i = 0; i < 6; i++)
        made_u16(made, fields[i]);
}

static inline void made_query(struct made *made, unsigned id, const char *name, unsigned type) {
    made_header(made, id, 0x0100, 1, 0, 0, 0);
    made_name(made, name);
    made_u16(made, type);
    made_u16(made, DNS_CLASS_IN);
}

/* `ttl` of an OPT holds code, version and flags. */
static inline void made_record(struct made *made, const char *name, unsigned type, unsigned class, uint32_t ttl,
                               const void *data, size_t n) {
    made_name(made, name);
    made_u16(made, type);
    made_u16(made, class);
    made_u16(made, ttl >> 16);
    made_u16(made, ttl & 0xffff);
    made_u16(made, (unsigned)n);
    made_bytes(made, data, n);
}

/* Into the header: the message has one more of them. */
static inline void made_count(struct made *made, size_t at) {
    dns_put_u16(made->bytes + at, dns_u16(made->bytes + at) + 1u);
}

static inline void made_edns(struct made *made, unsigned size, uint32_t ttl) {
    made_record(made, "", DNS_TYPE_OPT, size, ttl, "", 0);
    made_count(made, 10);
}

/* A reply to the query, with so many addresses from 192.0.2.1 on; its code and other flags as given. */
static inline void made_reply(struct made *reply, const uint8_t *query, size_t size, unsigned flags,
                              unsigned addresses) {
    struct dns_name name;
    size_t end = dns_name_read(query, size, 12, &name) + 4;
    reply->size = 0;
    made_bytes(reply, query, end);
    dns_put_u16(reply->bytes + 2, 0x8180 | flags);
    dns_put_u16(reply->bytes + 6, addresses);
    dns_put_u16(reply->bytes + 10, 0);
    for (unsigned i = 0; i < addresses; i++) {
        const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, (uint8_t)(i + 1)};
        made_bytes(reply, record, sizeof record);
    }
}

/* Reads what takes exactly its own bytes, so that the sanitizers see a read past them. */
static inline int read_exact(const struct made *made, struct dns_query *query) {
    uint8_t *exact = malloc(made->size + !made->size);
    if (!exact)
        exit(2);
    memcpy(exact, made->bytes, made->size);
    int code = dns_query_read(exact, made->size, query);
    free(exact);
    return code;
}

#endif
