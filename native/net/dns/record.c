#include "record.h"

/* Type, class, TTL and the length of the data. */
enum { FIXED_BYTES = 10, QUESTION_FIXED_BYTES = 4 };

static int read_data(const struct dns_answers *answers, struct dns_answer *answer);

uint16_t dns_u16(const uint8_t *from) { return (uint16_t)(from[0] << 8 | from[1]); }

void dns_put_u16(uint8_t *to, unsigned value) {
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

size_t dns_record_read(const uint8_t *message, size_t size, size_t at, struct dns_record *record) {
    at = dns_name_read(message, size, at, &record->owner);
    if (!at || size - at < FIXED_BYTES)
        return 0;
    record->type = dns_u16(message + at);
    record->class = dns_u16(message + at + 2);
    record->ttl = (uint32_t)dns_u16(message + at + 4) << 16 | dns_u16(message + at + 6);
    record->data_size = dns_u16(message + at + 8);
    at += FIXED_BYTES;
    if (size - at < record->data_size)
        return 0;
    record->data = message + at;
    return at + record->data_size;
}

int dns_answers_begin(struct dns_answers *answers, const uint8_t *message, size_t size) {
    if (size < DNS_HEADER_BYTES)
        return -1;
    size_t at = DNS_HEADER_BYTES;
    for (unsigned questions = dns_u16(message + 4); questions; questions--) {
        struct dns_name name;
        at = dns_name_read(message, size, at, &name);
        if (!at || size - at < QUESTION_FIXED_BYTES)
            return -1;
        at += QUESTION_FIXED_BYTES;
    }
    *answers = (struct dns_answers){.message = message, .size = size, .at = at, .left = dns_u16(message + 6)};
    return 0;
}

int dns_answers_next(struct dns_answers *answers, struct dns_answer *answer) {
    if (!answers->left)
        return 0;
    size_t end = dns_record_read(answers->message, answers->size, answers->at, &answer->record);
    if (!end || read_data(answers, answer))
        return -1;
    if (answer->record.ttl > INT32_MAX)
        answer->record.ttl = 0;
    answers->at = end;
    answers->left--;
    return 1;
}

static int read_data(const struct dns_answers *answers, struct dns_answer *answer) {
    const struct dns_record *record = &answer->record;
    answer->target.size = 0;
    if (record->class != DNS_CLASS_IN)
        return 0;
    if (record->type == DNS_TYPE_A)
        return record->data_size == 4 ? 0 : -1;
    if (record->type == DNS_TYPE_AAAA)
        return record->data_size == 16 ? 0 : -1;
    if (record->type != DNS_TYPE_CNAME)
        return 0;
    size_t start = (size_t)(record->data - answers->message), end = start + record->data_size;
    return dns_name_read(answers->message, end, start, &answer->target) == end ? 0 : -1;
}
