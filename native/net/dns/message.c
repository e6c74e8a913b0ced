#include "message.h"

#include <string.h>

enum {
    FLAG_REPLY = 0x8000,
    FLAG_TRUNCATED = 0x0200,
    FLAG_RECURSION_DESIRED = 0x0100,
    FLAG_RECURSION_AVAILABLE = 0x0080,
    FLAG_AUTHENTIC = 0x0020,
    FLAG_CHECKING_DISABLED = 0x0010,
    OPCODE = 0x7800,
    CODE = 0x000f,
    /* In the TTL of an OPT record. */
    OPT_DNSSEC_OK = 0x8000,
    OPT_VERSION_SHIFT = 16,
};

enum { LOCAL_TTL_S = 5, RECORD_BYTES = 12, NAME_OF_QUESTION = 0xc000 | DNS_HEADER_BYTES };

static int read_opt(const uint8_t *message, size_t size, size_t at, struct dns_query *query);
static size_t write_header(const struct dns_query *query, uint16_t id, unsigned flags, uint8_t *to);
static size_t write_question(const struct dns_query *query, uint8_t *to);
static size_t begin_reply(const struct dns_query *query, enum dns_rcode code, uint8_t *to);
static size_t end_reply(const struct dns_query *query, enum dns_rcode code, unsigned answers, size_t size, uint8_t *to);
static size_t write_record(unsigned type, const void *data, size_t size, uint8_t *to);
static size_t write_opt(unsigned size, unsigned code, bool dnssec_ok, uint8_t *to);

int dns_query_read(const uint8_t *message, size_t size, struct dns_query *query) {
    memset(query, 0, sizeof *query);
    if (size < DNS_HEADER_BYTES)
        return -1;
    query->id = dns_u16(message);
    query->flags = dns_u16(message + 2);
    if (query->flags & FLAG_REPLY)
        return -1;
    if (query->flags & OPCODE)
        return DNS_NOTIMP;
    if (size > DNS_QUERY_BYTES || dns_u16(message + 4) != 1 || dns_u16(message + 6))
        return DNS_FORMERR;
    size_t at = dns_name_read(message, size, DNS_HEADER_BYTES, &query->name);
    /* A name that takes other than its own size is compressed: there is nothing before it to point at. */
    if (at != DNS_HEADER_BYTES + query->name.size || size - at < 4)
        return DNS_FORMERR;
    query->type = dns_u16(message + at);
    query->class = dns_u16(message + at + 2);
    query->has_question = true;
    return read_opt(message, size, at + 4, query);
}

static int read_opt(const uint8_t *message, size_t size, size_t at, struct dns_query *query) {
    unsigned authority = dns_u16(message + 8), records = authority + dns_u16(message + 10);
    unsigned version = 0;
    for (unsigned i = 0; i < records; i++) {
        struct dns_record record;
        at = dns_record_read(message, size, at, &record);
        if (!at)
            return DNS_FORMERR;
        if (record.type != DNS_TYPE_OPT)
            continue;
        if (i < authority || query->edns || record.owner.size != 1)
            return DNS_FORMERR;
        query->edns = true;
        query->edns_size = record.class;
        query->dnssec_ok = record.ttl & OPT_DNSSEC_OK;
        version = record.ttl >> OPT_VERSION_SHIFT & 0xff;
    }
    return version ? DNS_BADVERS : DNS_NOERROR;
}

size_t dns_query_udp_limit(const struct dns_query *query) {
    if (!query->edns || query->edns_size < DNS_PLAIN_UDP_BYTES)
        return DNS_PLAIN_UDP_BYTES;
    return query->edns_size < DNS_UDP_BYTES ? query->edns_size : DNS_UDP_BYTES;
}

size_t dns_reply_write(const struct dns_query *query, enum dns_rcode code, const struct dns_addresses *addresses,
                       uint8_t to[DNS_OWN_REPLY_BYTES]) {
    size_t n = begin_reply(query, code, to);
    unsigned answers = 0;
    size_t room = dns_query_udp_limit(query) - (query->edns ? DNS_OPT_BYTES : 0);
    if (addresses && (query->type == DNS_TYPE_A || query->type == DNS_TYPE_ANY))
        for (size_t i = 0; i < addresses->v4_count && n + RECORD_BYTES + sizeof *addresses->v4 <= room; i++, answers++)
            n += write_record(DNS_TYPE_A, &addresses->v4[i], sizeof addresses->v4[i], to + n);
    if (addresses && (query->type == DNS_TYPE_AAAA || query->type == DNS_TYPE_ANY))
        for (size_t i = 0; i < addresses->v6_count && n + RECORD_BYTES + sizeof *addresses->v6 <= room; i++, answers++)
            n += write_record(DNS_TYPE_AAAA, &addresses->v6[i], sizeof addresses->v6[i], to + n);
    return end_reply(query, code, answers, n, to);
}

size_t dns_reply_write_name(const struct dns_query *query, const struct dns_name *name,
                            uint8_t to[DNS_OWN_REPLY_BYTES]) {
    size_t n = begin_reply(query, DNS_NOERROR, to);
    size_t room = dns_query_udp_limit(query) - (query->edns ? DNS_OPT_BYTES : 0);
    bool fits = n + RECORD_BYTES + name->size <= room;
    bool answers = fits && (query->type == DNS_TYPE_PTR || query->type == DNS_TYPE_ANY);
    if (answers)
        n += write_record(DNS_TYPE_PTR, name->wire, name->size, to + n);
    return end_reply(query, DNS_NOERROR, answers, n, to);
}

static size_t begin_reply(const struct dns_query *query, enum dns_rcode code, uint8_t *to) {
    unsigned kept = query->flags & (OPCODE | FLAG_RECURSION_DESIRED | FLAG_CHECKING_DISABLED);
    return write_header(query, query->id, kept | FLAG_REPLY | FLAG_RECURSION_AVAILABLE | ((unsigned)code & CODE), to);
}

/* Returns the size of the whole. */
static size_t end_reply(const struct dns_query *query, enum dns_rcode code, unsigned answers, size_t size,
                        uint8_t *to) {
    dns_put_u16(to + 6, answers);
    return size + (query->edns ? write_opt(DNS_QUERY_BYTES, (unsigned)code, query->dnssec_ok, to + size) : 0);
}

size_t dns_request_write(const struct dns_query *query, uint16_t id, uint8_t to[DNS_REQUEST_BYTES]) {
    unsigned kept = query->flags & (FLAG_RECURSION_DESIRED | FLAG_AUTHENTIC | FLAG_CHECKING_DISABLED);
    size_t n = write_header(query, id, kept, to);
    if (query->edns)
        n += write_opt(DNS_REQUEST_UDP_BYTES, 0, query->dnssec_ok, to + n);
    return n;
}

bool dns_reply_matches(const struct dns_query *query, uint16_t id, const uint8_t *message, size_t size) {
    uint8_t question[DNS_QUESTION_BYTES];
    size_t n = write_question(query, question);
    return size >= DNS_HEADER_BYTES + n && dns_u16(message) == id &&
           (dns_u16(message + 2) & (FLAG_REPLY | OPCODE)) == FLAG_REPLY && dns_u16(message + 4) == 1 &&
           memcmp(message + DNS_HEADER_BYTES, question, n) == 0;
}

bool dns_reply_is_truncated(const uint8_t *message) { return dns_u16(message + 2) & FLAG_TRUNCATED; }

enum dns_rcode dns_reply_code(const uint8_t *message) { return (enum dns_rcode)(dns_u16(message + 2) & CODE); }

size_t dns_reply_truncate(const struct dns_query *query, const uint8_t *message, size_t size, size_t limit,
                          uint8_t *to) {
    size_t opt = query->edns ? DNS_OPT_BYTES : 0;
    size_t end = DNS_HEADER_BYTES + query->name.size + 4;
    unsigned answers = 0;
    for (unsigned left = dns_u16(message + 6); left; left--) {
        struct dns_record record;
        size_t next = dns_record_read(message, size, end, &record);
        if (!next || next > limit - opt)
            break;
        end = next;
        answers++;
    }
    memcpy(to, message, end);
    dns_put_u16(to + 2, dns_u16(message + 2) | FLAG_TRUNCATED);
    dns_put_u16(to + 6, answers);
    dns_put_u16(to + 8, 0);
    dns_put_u16(to + 10, query->edns);
    if (query->edns)
        end += write_opt(DNS_QUERY_BYTES, 0, query->dnssec_ok, to + end);
    return end;
}

/* With the question, if there is one. */
static size_t write_header(const struct dns_query *query, uint16_t id, unsigned flags, uint8_t *to) {
    memset(to, 0, DNS_HEADER_BYTES);
    dns_put_u16(to, id);
    dns_put_u16(to + 2, flags);
    dns_put_u16(to + 4, query->has_question);
    dns_put_u16(to + 10, query->edns);
    return DNS_HEADER_BYTES + (query->has_question ? write_question(query, to + DNS_HEADER_BYTES) : 0);
}

static size_t write_question(const struct dns_query *query, uint8_t *to) {
    memcpy(to, query->name.wire, query->name.size);
    dns_put_u16(to + query->name.size, query->type);
    dns_put_u16(to + query->name.size + 2, query->class);
    return query->name.size + 4;
}

static size_t write_record(unsigned type, const void *data, size_t size, uint8_t *to) {
    dns_put_u16(to, NAME_OF_QUESTION);
    dns_put_u16(to + 2, type);
    dns_put_u16(to + 4, DNS_CLASS_IN);
    dns_put_u16(to + 6, 0);
    dns_put_u16(to + 8, LOCAL_TTL_S);
    dns_put_u16(to + 10, (unsigned)size);
    memcpy(to + RECORD_BYTES, data, size);
    return RECORD_BYTES + size;
}

static size_t write_opt(unsigned size, unsigned code, bool dnssec_ok, uint8_t *to) {
    to[0] = 0;
    dns_put_u16(to + 1, DNS_TYPE_OPT);
    dns_put_u16(to + 3, size);
    dns_put_u16(to + 5, code >> 4 << 8);
    dns_put_u16(to + 7, dnssec_ok ? OPT_DNSSEC_OK : 0);
    dns_put_u16(to + 9, 0);
    return DNS_OPT_BYTES;
}
