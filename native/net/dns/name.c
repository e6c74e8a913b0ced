#include "name.h"

#include <string.h>

/* A name has at most 127 labels, so whoever follows more pointers follows them for nothing: chains of bare pointers
 * would otherwise make each name of a message cost as much as the message is long. */
enum { MAX_POINTERS = 127, POINTER = 0xc0, HEADER_BYTES = 12 };

static bool same_labels(const uint8_t *a, const uint8_t *b, size_t n);

size_t dns_name_read(const uint8_t *message, size_t size, size_t at, struct dns_name *name) {
    size_t end = 0, start = at, pointers = 0;
    name->size = 0;
    while (at < size) {
        size_t length = message[at];
        if ((length & POINTER) == POINTER) {
            if (size - at < 2 || ++pointers > MAX_POINTERS)
                return 0;
            if (!end)
                end = at + 2;
            size_t target = (length & ~(size_t)POINTER) << 8 | message[at + 1];
            /* Each pointer leads before the labels it ends: so there is no circle. */
            if (target >= start || target < HEADER_BYTES)
                return 0;
            start = at = target;
            continue;
        }
        if (length > DNS_LABEL_BYTES || size - at <= length || name->size + 1 + length > DNS_NAME_BYTES)
            return 0;
        memcpy(name->wire + name->size, message + at, 1 + length);
        name->size += 1 + length;
        at += 1 + length;
        if (!length)
            return end ? end : at;
    }
    return 0;
}

int dns_name_parse(const char *text, struct dns_name *name) {
    name->size = 0;
    while (*text) {
        size_t length = strcspn(text, ".");
        if (!length || length > DNS_LABEL_BYTES || name->size + 1 + length + 1 > DNS_NAME_BYTES)
            return -1;
        name->wire[name->size] = (uint8_t)length;
        memcpy(name->wire + name->size + 1, text, length);
        name->size += 1 + length;
        text += length;
        text += *text == '.';
    }
    name->wire[name->size++] = 0;
    return 0;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b) {
    return a->size == b->size && same_labels(a->wire, b->wire, a->size);
}

bool dns_name_within(const struct dns_name *name, const struct dns_name *parent) {
    size_t at = 0;
    while (at < name->size && name->size - at > parent->size)
        at += 1 + (size_t)name->wire[at];
    return name->size - at == parent->size && same_labels(name->wire + at, parent->wire, parent->size);
}

/* Lengths of labels are below 'A', so that folding the case leaves them as they are. */
static bool same_labels(const uint8_t *a, const uint8_t *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint8_t x = a[i], y = b[i];
        x = x >= 'A' && x <= 'Z' ? (uint8_t)(x | 0x20) : x;
        y = y >= 'A' && y <= 'Z' ? (uint8_t)(y | 0x20) : y;
        if (x != y)
            return false;
    }
    return true;
}
