#include "grants.h"

#include <string.h>

static void grant(struct policy *policy, const char *name, const struct dns_record *record, uint32_t ttl,
                  uint64_t now_ms);

void grants_from_reply(struct policy *policy, const uint8_t *reply, size_t size, uint64_t now_ms) {
    struct dns_name asked, current;
    struct dns_answers answers;
    struct dns_answer answer;
    char text[NET_NAME_BYTES];
    if (!dns_name_read(reply, size, DNS_HEADER_BYTES, &asked) || !grants_name_text(&asked, text) ||
        dns_answers_begin(&answers, reply, size))
        return;
    current = asked;
    /* An alias is worth as long as the shortest of its records. */
    uint32_t alias_ttl = UINT32_MAX;
    while (dns_answers_next(&answers, &answer) == 1) {
        const struct dns_record *record = &answer.record;
        if (record->class != DNS_CLASS_IN || !dns_name_equal(&record->owner, &current))
            continue;
        uint32_t ttl = record->ttl < alias_ttl ? record->ttl : alias_ttl;
        if (record->type == DNS_TYPE_CNAME) {
            current = answer.target;
            alias_ttl = ttl;
        } else {
            grant(policy, text, record, ttl, now_ms);
        }
    }
}

static void grant(struct policy *policy, const char *name, const struct dns_record *record, uint32_t ttl,
                  uint64_t now_ms) {
    struct in6_addr address;
    if (record->type == DNS_TYPE_A && record->data_size == 4)
        address = address_of_v4(get_u32(record->data));
    else if (record->type == DNS_TYPE_AAAA && record->data_size == sizeof address)
        memcpy(&address, record->data, sizeof address);
    else
        return;
    policy_granted(policy, name, &address, ttl, now_ms);
}

bool grants_name_text(const struct dns_name *name, char text[NET_NAME_BYTES]) {
    size_t used = 0;
    for (size_t at = 0; at < name->size && name->wire[at]; at += 1 + (size_t)name->wire[at]) {
        const uint8_t *label = name->wire + at + 1;
        size_t length = name->wire[at];
        if (used + length + 2 > NET_NAME_BYTES || memchr(label, 0, length) || memchr(label, '.', length))
            return false;
        if (used)
            text[used++] = '.';
        memcpy(text + used, label, length);
        used += length;
    }
    text[used] = 0;
    return used > 0;
}
