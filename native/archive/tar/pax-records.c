#include "pax-records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../outcome/outcome.h"

struct record {
    const char *key, *value;
    size_t key_size, value_size;
};

static int next_record(const char **at, const char *end, struct record *record);
static int take(const struct record *record, struct pax *pax);
static int take_attribute(const char *name, size_t size, const struct record *record, struct pax *pax);
static int take_sparse(const char *key, size_t size, const struct record *record, struct pax *pax);
static int take_map(const char *text, size_t size, struct pax *pax);
static int set_text(char **to, const struct record *record);
static bool parse_time(const char *text, size_t size, struct timespec *out);
static bool is(const struct record *record, const char *key);

#define SPARSE_PREFIX "GNU.sparse."
#define ATTRIBUTE_PREFIX "SCHILY.xattr."

int pax_parse(const char *bytes, size_t size, struct pax *pax, struct err *err) {
    const char *end = bytes + size;
    struct record record;
    for (const char *at = bytes; at < end;) {
        if (*at == 0) /* padding, which some writers count in */
            break;
        errno = 0;
        if (next_record(&at, end, &record) == 0 && take(&record, pax) == 0)
            continue;
        return errno == ENOMEM ? err_set(err, ENOMEM, "no memory for an extended header")
                               : err_set(err, OUTCOME(BL_COPY_MALFORMED), "an extended header has a malformed record");
    }
    return 0;
}

void pax_free(struct pax *pax) {
    free(pax->path);
    free(pax->link);
    free(pax->sparse_name);
    free(pax->extents.items);
    attributes_free(&pax->attributes);
    *pax = (struct pax){0};
}

bool pax_number(const char *text, size_t size, uint64_t *out) {
    uint64_t value = 0;
    if (size == 0 || size > 19)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *out = value;
    return value <= INT64_MAX;
}

/* "LENGTH key=value\n", where LENGTH counts itself. */
static int next_record(const char **at, const char *end, struct record *record) {
    const char *space = memchr(*at, ' ', (size_t)(end - *at));
    uint64_t length;
    if (!space || !pax_number(*at, (size_t)(space - *at), &length) || length > (uint64_t)(end - *at))
        return -1;
    const char *last = *at + length - 1;
    if (last <= space || *last != '\n')
        return -1;
    record->key = space + 1;
    const char *equals = memchr(record->key, '=', (size_t)(last - record->key));
    if (!equals || equals == record->key)
        return -1;
    record->key_size = (size_t)(equals - record->key);
    record->value = equals + 1;
    record->value_size = (size_t)(last - record->value);
    *at = last + 1;
    return 0;
}

static int take(const struct record *record, struct pax *pax) {
    if (is(record, "path"))
        return set_text(&pax->path, record);
    if (is(record, "linkpath"))
        return set_text(&pax->link, record);
    if (is(record, "size"))
        return (pax->has_size = pax_number(record->value, record->value_size, &pax->size)) ? 0 : -1;
    if (is(record, "uid"))
        return (pax->has_uid = pax_number(record->value, record->value_size, &pax->uid)) ? 0 : -1;
    if (is(record, "gid"))
        return (pax->has_gid = pax_number(record->value, record->value_size, &pax->gid)) ? 0 : -1;
    if (is(record, "mtime"))
        return (pax->has_mtime = parse_time(record->value, record->value_size, &pax->mtime)) ? 0 : -1;
    size_t prefix = strlen(ATTRIBUTE_PREFIX);
    if (record->key_size > prefix && memcmp(record->key, ATTRIBUTE_PREFIX, prefix) == 0)
        return take_attribute(record->key + prefix, record->key_size - prefix, record, pax);
    prefix = strlen(SPARSE_PREFIX);
    if (record->key_size > prefix && memcmp(record->key, SPARSE_PREFIX, prefix) == 0)
        return take_sparse(record->key + prefix, record->key_size - prefix, record, pax);
    return 0;
}

static int take_attribute(const char *name, size_t size, const struct record *record, struct pax *pax) {
    if (memchr(name, 0, size))
        return -1;
    return pax->wants_attributes ? attributes_add(&pax->attributes, name, size, record->value, record->value_size) : 0;
}

static int take_sparse(const char *key, size_t size, const struct record *record, struct pax *pax) {
    struct record rest = {.key = key, .key_size = size};
    uint64_t number = 0;
    if (is(&rest, "name"))
        return set_text(&pax->sparse_name, record);
    if (is(&rest, "map"))
        return take_map(record->value, record->value_size, pax);
    bool real = is(&rest, "realsize") || is(&rest, "size");
    if (!real && !is(&rest, "major") && !is(&rest, "minor") && !is(&rest, "offset") && !is(&rest, "numbytes"))
        return 0;
    if (!pax_number(record->value, record->value_size, &number))
        return -1;
    if (real) {
        pax->has_real_size = true;
        pax->real_size = number;
        pax->sparse = true;
    } else if (is(&rest, "major")) {
        pax->sparse_major = number;
        pax->sparse_map_in_data = number == 1;
        return number <= 1 ? 0 : -1;
    } else if (is(&rest, "offset")) {
        pax->pending_offset = number;
    } else if (is(&rest, "numbytes")) {
        pax->sparse = true;
        return extent_list_add(&pax->extents, pax->pending_offset, number);
    }
    return 0;
}

/* "OFFSET,SIZE,OFFSET,SIZE,…" */
static int take_map(const char *text, size_t size, struct pax *pax) {
    uint64_t numbers[2];
    unsigned at = 0;
    pax->sparse = true;
    for (const char *end = text + size; text < end;) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma ? comma : end;
        if (!pax_number(text, (size_t)(stop - text), &numbers[at++]))
            return -1;
        if (at == 2 && extent_list_add(&pax->extents, numbers[0], numbers[1]))
            return -1;
        at %= 2;
        text = comma ? comma + 1 : end;
    }
    return at ? -1 : 0;
}

static int set_text(char **to, const struct record *record) {
    if (record->value_size == 0 || memchr(record->value, 0, record->value_size))
        return -1;
    free(*to);
    *to = strndup(record->value, record->value_size);
    return *to ? 0 : -1;
}

/* Seconds since 1970, perhaps negative, perhaps with a fraction: -1.5 is a half after -2. */
static bool parse_time(const char *text, size_t size, struct timespec *out) {
    bool negative = size && *text == '-';
    text += negative;
    size -= negative;
    const char *dot = memchr(text, '.', size);
    size_t whole = dot ? (size_t)(dot - text) : size;
    uint64_t seconds = 0, nanoseconds = 0;
    if (!pax_number(text, whole, &seconds))
        return false;
    uint64_t unit = 100000000;
    for (size_t i = whole + 1; i < size; i++, unit /= 10) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        nanoseconds += (uint64_t)(text[i] - '0') * unit;
    }
    out->tv_sec = negative ? -(time_t)seconds : (time_t)seconds;
    out->tv_nsec = (long)nanoseconds;
    if (negative && nanoseconds) {
        out->tv_sec--;
        out->tv_nsec = 1000000000 - out->tv_nsec;
    }
    return true;
}

static bool is(const struct record *record, const char *key) {
    return record->key_size == strlen(key) && memcmp(record->key, key, record->key_size) == 0;
}
