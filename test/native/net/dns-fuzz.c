/* Any bytes as a query, as a reply to it, and as answers that are walked. */
#include <string.h>

#include "net/dns/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read as a query is read again as what we send of it. */
static void as_query(const uint8_t *data, size_t size) {
    struct dns_query query, again;
    int code = dns_query_read(data, size, &query);
    if (code < 0)
        return;
    static const struct dns_addresses both = {.v4_count = DNS_MAX_ADDRESSES, .v6_count = DNS_MAX_ADDRESSES};
    uint8_t own[DNS_OWN_REPLY_BYTES], request[DNS_REQUEST_BYTES];
    size_t n = dns_reply_write(&query, (enum dns_rcode)code, code ? NULL : &both, own);
    if (n > sizeof own)
        __builtin_trap();
    if (code != DNS_NOERROR)
        return;
    n = dns_request_write(&query, 7, request);
    if (dns_query_read(request, n, &again) != DNS_NOERROR || again.type != query.type ||
        !dns_name_equal(&again.name, &query.name) || !dns_reply_matches(&query, query.id, own, sizeof own))
        __builtin_trap();
}

/* As a reply to a query with the same question. */
static void as_reply(const uint8_t *data, size_t size) {
    if (size < DNS_HEADER_BYTES)
        return;
    struct dns_query query = {.id = dns_u16(data), .has_question = true, .edns = data[3] & 1};
    size_t end = dns_name_read(data, size, DNS_HEADER_BYTES, &query.name);
    if (!end || size - end < 4)
        return;
    query.type = dns_u16(data + end);
    query.class = dns_u16(data + end + 2);
    if (!dns_reply_matches(&query, query.id, data, size))
        return;
    (void)dns_reply_code(data);
    uint8_t cut[DNS_PLAIN_UDP_BYTES];
    size_t n = dns_reply_truncate(&query, data, size, sizeof cut, cut);
    if (n > sizeof cut || !dns_reply_is_truncated(cut) || !dns_reply_matches(&query, query.id, cut, n))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    as_query(data, size);
    as_reply(data, size);
    struct dns_answers answers;
    struct dns_answer answer;
    if (dns_answers_begin(&answers, data, size) == 0)
        while (dns_answers_next(&answers, &answer) > 0)
            ;
    return 0;
}
