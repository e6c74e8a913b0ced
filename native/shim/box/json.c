#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Kept free while values are written: the quote, the brace and the newline at the end. */
enum { CLOSING_BYTES = 4 };

static void put(struct json *json, const char *text, size_t n);
static bool has_room(const struct json *json, size_t n);
static void put_comma(struct json *json);
static void put_key(struct json *json, const char *key);
static size_t utf8_length(const uint8_t *at, size_t left);

void json_open(struct json *json, char *buffer, size_t size) {
    *json = (struct json){.p = buffer, .size = size};
    put(json, "{", 1);
}

void json_number(struct json *json, const char *key, uint64_t value) {
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRIu64, value);
    put_key(json, key);
    put(json, text, (size_t)n);
}

void json_bool(struct json *json, const char *key, bool value) {
    put_key(json, key);
    put(json, value ? "true" : "false", value ? 4 : 5);
}

void json_text(struct json *json, const char *key, const void *text, size_t n) {
    put_key(json, key);
    put(json, "\"", 1);
    const uint8_t *p = text;
    for (size_t i = 0; i < n;) {
        char escape[8];
        size_t length = utf8_length(p + i, n - i), out;
        if (length == 0)
            out = (size_t)snprintf(escape, sizeof escape, "\\ufffd");
        else if (p[i] == '"' || p[i] == '\\')
            out = (size_t)snprintf(escape, sizeof escape, "\\%c", p[i]);
        else if (p[i] < 0x20 || p[i] == 0x7f)
            out = (size_t)snprintf(escape, sizeof escape, "\\u%04x", p[i]);
        else
            memcpy(escape, p + i, out = length);
        if (!has_room(json, out))
            break;
        put(json, escape, out);
        i += length ? length : 1;
    }
    json->p[json->used++] = '"';
}

void json_string(struct json *json, const char *key, const char *text) { json_text(json, key, text, strlen(text)); }

void json_list(struct json *json, const char *key) {
    put_key(json, key);
    put(json, "[", 1);
}

void json_item(struct json *json) {
    put_comma(json);
    put(json, "{", 1);
}

void json_item_end(struct json *json) { put(json, "}", 1); }

void json_list_end(struct json *json) { put(json, "]", 1); }

size_t json_close(struct json *json) {
    json->p[json->used++] = '}';
    json->p[json->used++] = '\n';
    return json->used;
}

static bool has_room(const struct json *json, size_t n) { return json->size - json->used >= n + CLOSING_BYTES; }

static void put(struct json *json, const char *text, size_t n) {
    if (!has_room(json, n))
        return;
    memcpy(json->p + json->used, text, n);
    json->used += n;
}

static void put_comma(struct json *json) {
    char last = json->p[json->used - 1];
    if (last != '{' && last != '[')
        put(json, ",", 1);
}

static void put_key(struct json *json, const char *key) {
    put_comma(json);
    put(json, "\"", 1);
    put(json, key, strlen(key));
    put(json, "\":", 2);
}

/* Length of the well-formed UTF-8 sequence (RFC 3629) that begins here, or 0. */
static size_t utf8_length(const uint8_t *at, size_t left) {
    uint8_t lead = at[0];
    if (lead < 0x80)
        return 1;
    size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < length)
        return 0;
    uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    return length;
}
