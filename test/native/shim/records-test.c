/* Tests what the records are made of: JSON, tails and times. */
#include <string.h>

#include "../guest/check.h"
#include "shim/box/json.h"
#include "shim/log/tail.h"
#include "shim/system/clock.h"

static void escapes_what_json_can_not_hold(void) {
    char buffer[512];
    struct json json;
    json_open(&json, buffer, sizeof buffer);
    json_number(&json, "n", UINT64_MAX);
    json_bool(&json, "b", true);
    json_text(&json, "t", "a\"\\\n\0\x7f", 6);
    buffer[json_close(&json)] = 0;
    check("an object", strcmp(buffer, "{\"n\":18446744073709551615,\"b\":true,"
                                      "\"t\":\"a\\\"\\\\\\u000a\\u0000\\u007f\"}\n") == 0);
}

static void keeps_utf8_and_replaces_the_rest(void) {
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xf0\x9f\x93\xa6", "\xf0\x9f\x93\xa6"},
        {"\xff", "\\ufffd"},
        {"\xc3", "\\ufffd"},
        {"\xc0\xaf", "\\ufffd\\ufffd"},             /* overlong */
        {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char buffer[128], expected[128];
        struct json json;
        json_open(&json, buffer, sizeof buffer);
        json_string(&json, "t", cases[i].in);
        buffer[json_close(&json)] = 0;
        snprintf(expected, sizeof expected, "{\"t\":\"%s\"}\n", cases[i].out);
        check("text of any bytes is JSON", strcmp(buffer, expected) == 0);
    }
}

static void separates_the_objects_of_a_list(void) {
    char buffer[128];
    struct json json;
    json_open(&json, buffer, sizeof buffer);
    json_list(&json, "none");
    json_list_end(&json);
    json_list(&json, "two");
    for (uint64_t n = 1; n <= 2; n++) {
        json_item(&json);
        json_number(&json, "n", n);
        json_bool(&json, "b", true);
        json_item_end(&json);
    }
    json_list_end(&json);
    json_string(&json, "t", "{");
    json_number(&json, "n", 3);
    buffer[json_close(&json)] = 0;
    check("an object with lists", strcmp(buffer, "{\"none\":[],\"two\":[{\"n\":1,\"b\":true},{\"n\":2,\"b\":true}],"
                                                 "\"t\":\"{\",\"n\":3}\n") == 0);
}

static void cuts_what_does_not_fit(void) {
    char buffer[24];
    struct json json;
    json_open(&json, buffer, sizeof buffer);
    json_string(&json, "t", "\n\n\n\n\n\n\n\n");
    size_t n = json_close(&json);
    check("a text too long is cut and closed", n <= sizeof buffer && memcmp(buffer + n - 3, "\"}\n", 3) == 0);
}

static void keeps_the_last_bytes(void) {
    static struct tail tail;
    static uint8_t large[3 * TAIL_BYTES];
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i % 251);
    for (size_t at = 0, piece = 1; at + piece <= sizeof large; at += piece, piece = piece * 2 % 4093 + 1)
        tail_add(&tail, large + at, piece);
    check("a tail is full", tail.used == TAIL_BYTES);
    tail_add(&tail, large, sizeof large);
    check("one piece larger than it leaves its end", memcmp(tail.bytes, large + 2 * TAIL_BYTES, TAIL_BYTES) == 0);
    tail_add(&tail, (const uint8_t *)"end", 3);
    check("the last come last",
          memcmp(tail.bytes + TAIL_BYTES - 3, "end", 3) == 0 && tail.bytes[0] == large[2 * TAIL_BYTES + 3]);
}

static void tells_time(void) {
    char at[RFC3339_BYTES];
    clock_rfc3339(1700000000000000001, at);
    check("a time in UTC with nanoseconds", strcmp(at, "2023-11-14T22:13:20.000000001Z") == 0);
}

int main(void) {
    escapes_what_json_can_not_hold();
    keeps_utf8_and_replaces_the_rest();
    separates_the_objects_of_a_list();
    cuts_what_does_not_fit();
    keeps_the_last_bytes();
    tells_time();
    return 0;
}
