#include "dns-made.h"

static struct made made;
static struct dns_query query;
static uint8_t own[DNS_OWN_REPLY_BYTES];

static void reads_queries(void) {
    made_query(&made, 0x1234, "Example.COM", DNS_TYPE_A);
    check("a query is read", read_exact(&made, &query) == DNS_NOERROR && query.id == 0x1234 &&
                                 query.type == DNS_TYPE_A && query.class == DNS_CLASS_IN && !query.edns);
    check("without EDNS it takes 512 bytes", dns_query_udp_limit(&query) == 512);
    made_edns(&made, 1400, 0x8000);
    check("EDNS is recognized", read_exact(&made, &query) == DNS_NOERROR && query.edns && query.dnssec_ok &&
                                    dns_query_udp_limit(&query) == 1400);
    made_query(&made, 1, "example.com", DNS_TYPE_A);
    made_edns(&made, 65535, 0);
    check("no client gets more than we can hold",
          read_exact(&made, &query) == DNS_NOERROR && dns_query_udp_limit(&query) == DNS_UDP_BYTES);
    made_query(&made, 1, "example.com", DNS_TYPE_A);
    made_edns(&made, 0, 0);
    check("nor less than 512", read_exact(&made, &query) == DNS_NOERROR && dns_query_udp_limit(&query) == 512);
    made_record(&made, "key", 250, DNS_TYPE_ANY, 0, "signature", 9);
    made_count(&made, 10);
    check("other records are left alone", read_exact(&made, &query) == DNS_NOERROR && query.edns);
    made_query(&made, 1, "", 2);
    check("the root is a name", read_exact(&made, &query) == DNS_NOERROR && query.name.size == 1);
}

static void answers_no_replies(void) {
    made_query(&made, 1, "example.com", DNS_TYPE_A);
    made.bytes[2] |= 0x80;
    check("a reply is not answered", read_exact(&made, &query) == -1);
    bool none = true;
    made_query(&made, 1, "example.com", DNS_TYPE_A);
    for (made.size = 0; made.size < 12; made.size++)
        none = none && read_exact(&made, &query) == -1;
    check("half a header is not", none);
}

static void refuses_broken_queries(void) {
    static const uint8_t padding[DNS_QUERY_BYTES];
    made_query(&made, 1, "example.com", DNS_TYPE_A);
    made_edns(&made, 1232, 0);
    bool all = true;
    size_t whole = made.size;
    for (made.size = 12; made.size < whole; made.size++)
        all = all && read_exact(&made, &query) == DNS_FORMERR;
    check("a query cut short anywhere is refused", all);

    for (unsigned opcode = 1; opcode < 16; opcode++) {
        made_query(&made, 1, "example.com", DNS_TYPE_A);
        made.bytes[2] = (uint8_t)(opcode << 3);
        all = all && read_exact(&made, &query) == DNS_NOTIMP;
    }
    check("every other operation is not implemented", all);
    made_header(&made, 1, 0, 0, 0, 0, 0);
    check("no question", read_exact(&made, &query) == DNS_FORMERR);
    made_header(&made, 1, 0, 2, 0, 0, 0);
    for (int i = 0; i < 2; i++)
        made_bytes(&made, "\1a\0\0\1\0\1", 7);
    check("two questions", read_exact(&made, &query) == DNS_FORMERR);
    made_query(&made, 1, "a", DNS_TYPE_A);
    made_record(&made, "a", DNS_TYPE_A, DNS_CLASS_IN, 0, "abcd", 4);
    made_count(&made, 6);
    check("an answer in a query", read_exact(&made, &query) == DNS_FORMERR);
    made_header(&made, 1, 0, 1, 0, 0, 0);
    made_bytes(&made, "\1a\xc0\x0c\0\1\0\1", 8);
    check("a question in a circle", read_exact(&made, &query) == DNS_FORMERR);
    made_query(&made, 1, "a", DNS_TYPE_A);
    made_edns(&made, 512, 0);
    made_edns(&made, 512, 0);
    check("two OPT records", read_exact(&made, &query) == DNS_FORMERR);
    made_query(&made, 1, "a", DNS_TYPE_A);
    made_record(&made, "a", DNS_TYPE_OPT, 512, 0, "", 0);
    made_count(&made, 10);
    check("an OPT record with a name", read_exact(&made, &query) == DNS_FORMERR);
    made_query(&made, 1, "a", DNS_TYPE_A);
    made_record(&made, "", DNS_TYPE_OPT, 512, 0, "", 0);
    made_count(&made, 8);
    check("an OPT record in the wrong section", read_exact(&made, &query) == DNS_FORMERR);
    made_query(&made, 1, "a", DNS_TYPE_A);
    made.bytes[10] = made.bytes[11] = 255;
    check("records that are not there", read_exact(&made, &query) == DNS_FORMERR);
    made_query(&made, 1, "a", DNS_TYPE_A);
    made_record(&made, "a", DNS_TYPE_A, DNS_CLASS_IN, 0, padding, sizeof padding);
    made_count(&made, 10);
    check("more than 2048 bytes", read_exact(&made, &query) == DNS_FORMERR);
}

static void writes_errors(void) {
    made_query(&made, 0xabcd, "Example.com", DNS_TYPE_A);
    check("it is read", read_exact(&made, &query) == DNS_NOERROR);
    size_t n = dns_reply_write(&query, DNS_SERVFAIL, NULL, own);
    check("an error repeats the question", n == made.size && memcmp(own + 12, made.bytes + 12, n - 12) == 0);
    check("and has id, flags and code", dns_u16(own) == 0xabcd && dns_u16(own + 2) == 0x8182);
    made_edns(&made, 1232, 0x00010000);
    check("a later EDNS", read_exact(&made, &query) == DNS_BADVERS);
    n = dns_reply_write(&query, DNS_BADVERS, NULL, own);
    check("is answered by an OPT with the code",
          dns_u16(own + 2) == 0x8180 && dns_u16(own + 10) == 1 && own[n - 6] == 1);
    made_header(&made, 7, 0x0110, 2, 0, 0, 0);
    check("without a readable question", read_exact(&made, &query) == DNS_FORMERR);
    n = dns_reply_write(&query, DNS_FORMERR, NULL, own);
    check("the error is a header", n == 12 && dns_u16(own + 2) == 0x8191 && dns_u16(own + 4) == 0);
}

static size_t answer_of(unsigned type, const struct dns_addresses *addresses) {
    made_query(&made, 1, "gateway.boxlite.internal", type);
    check("it is read", read_exact(&made, &query) == DNS_NOERROR);
    return dns_reply_write(&query, DNS_NOERROR, addresses, own);
}

static void writes_addresses(void) {
    struct dns_answers answers;
    struct dns_answer answer;
    struct dns_addresses addresses = {.v4_count = 1, .v4 = {{htonl(0x0a000202)}}};
    size_t n = answer_of(DNS_TYPE_A, &addresses);
    check("an A record", dns_answers_begin(&answers, own, n) == 0 && dns_answers_next(&answers, &answer) == 1 &&
                             answer.record.type == DNS_TYPE_A && dns_name_equal(&answer.record.owner, &query.name) &&
                             memcmp(answer.record.data, "\x0a\0\2\2", 4) == 0);
    check("is the only one", dns_answers_next(&answers, &answer) == 0);
    n = answer_of(DNS_TYPE_AAAA, &addresses);
    check("AAAA of a name with an A only is empty, not an error", dns_u16(own + 6) == 0 && (own[3] & 15) == 0);
    check("as is another type", answer_of(16, &addresses) && dns_u16(own + 6) == 0 && (own[3] & 15) == 0);
    addresses.v6_count = 1;
    addresses.v6[0] = in6addr_loopback;
    made_query(&made, 1, "localhost", DNS_TYPE_ANY);
    made_edns(&made, 1232, 0);
    check("it is read", read_exact(&made, &query) == DNS_NOERROR);
    n = dns_reply_write(&query, DNS_NOERROR, &addresses, own);
    check("ANY gets both", dns_answers_begin(&answers, own, n) == 0 && dns_answers_next(&answers, &answer) == 1 &&
                               dns_answers_next(&answers, &answer) == 1 && answer.record.type == DNS_TYPE_AAAA &&
                               memcmp(answer.record.data, &in6addr_loopback, 16) == 0);
    struct dns_record opt;
    check("EDNS is answered by EDNS",
          dns_u16(own + 10) == 1 && dns_record_read(own, n, n - DNS_OPT_BYTES, &opt) == n && opt.type == DNS_TYPE_OPT);
}

static void writes_requests(void) {
    uint8_t request[DNS_REQUEST_BYTES];
    made_query(&made, 1, "example.com", DNS_TYPE_A);
    made.bytes[2] = 0x07; /* authoritative, truncated, recursion desired: the middle one and the first are no query's */
    made.bytes[3] = 0xff;
    made_record(&made, "", DNS_TYPE_OPT, 4096, 0x8000, "\0\12\0\4abcd", 8);
    made_count(&made, 10);
    check("it is read", read_exact(&made, &query) == DNS_NOERROR);
    size_t n = dns_request_write(&query, 0x7777, request);
    struct dns_query sent;
    check("a request is a query", dns_query_read(request, n, &sent) == DNS_NOERROR && sent.id == 0x7777);
    check("with the flags that a query may have", sent.flags == 0x0130);
    check("EDNS without options and of our size",
          sent.edns && sent.edns_size == 1232 && sent.dnssec_ok && n == 12 + 13 + 4 + DNS_OPT_BYTES);
}

static void matches_replies(void) {
    static struct made reply;
    made_query(&made, 5, "example.com", DNS_TYPE_A);
    check("it is read", read_exact(&made, &query) == DNS_NOERROR);
    made_reply(&reply, made.bytes, made.size, 0, 1);
    check("a reply", dns_reply_matches(&query, 5, reply.bytes, reply.size));
    check("not of another id", !dns_reply_matches(&query, 6, reply.bytes, reply.size));
    bool none = true;
    for (size_t at = 12; at < made.size; at++) {
        reply.bytes[at] ^= 0x20;
        none = none && !dns_reply_matches(&query, 5, reply.bytes, reply.size);
        reply.bytes[at] ^= 0x20;
    }
    check("not with any other byte in its question", none);
    for (size_t n = 0; n < made.size; n++)
        none = none && !dns_reply_matches(&query, 5, reply.bytes, n);
    check("not when cut within it", none);
    check("not the query itself", !dns_reply_matches(&query, 5, made.bytes, made.size));
    reply.bytes[5] = 0;
    check("not without a question", !dns_reply_matches(&query, 5, reply.bytes, reply.size));
}

static void truncates_at_whole_answers(void) {
    static struct made reply;
    uint8_t cut[DNS_UDP_BYTES];
    made_query(&made, 5, "example.com", DNS_TYPE_A);
    check("it is read", read_exact(&made, &query) == DNS_NOERROR);
    made_reply(&reply, made.bytes, made.size, 0, 200);
    size_t n = dns_reply_truncate(&query, reply.bytes, reply.size, 512, cut);
    unsigned kept = (512 - 29) / 16;
    check("what fits is kept", n == 29 + kept * 16 && dns_u16(cut + 6) == kept);
    check("and said to be less than all", dns_reply_is_truncated(cut));
    struct dns_answers answers;
    struct dns_answer answer;
    unsigned count = 0;
    check("its answers can be read", dns_answers_begin(&answers, cut, n) == 0);
    while (dns_answers_next(&answers, &answer) == 1)
        count++;
    check("all of them", count == kept);
    made_edns(&made, 512, 0);
    check("it is read", read_exact(&made, &query) == DNS_NOERROR);
    n = dns_reply_truncate(&query, reply.bytes, reply.size, 512, cut);
    check("EDNS has its room",
          n <= 512 && dns_u16(cut + 6) == (512 - 29 - DNS_OPT_BYTES) / 16 && dns_u16(cut + 10) == 1);
    reply.bytes[29] = 0xc0;
    reply.bytes[30] = 29;
    n = dns_reply_truncate(&query, reply.bytes, reply.size, 512, cut);
    check("answers that can't be read are left out", n == 29 + DNS_OPT_BYTES && dns_u16(cut + 6) == 0);
}

int main(void) {
    reads_queries();
    answers_no_replies();
    refuses_broken_queries();
    writes_errors();
    writes_addresses();
    writes_requests();
    matches_replies();
    truncates_at_whole_answers();
    return 0;
}
