/* Writes one JSON object into a buffer of fixed size. It may hold lists of flat objects. */
#ifndef BOXLITE_SHIM_BOX_JSON_H
#define BOXLITE_SHIM_BOX_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
    char *p;
    size_t size, used;
};

void json_open(struct json *json, char *buffer, size_t size);
void json_number(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);
/* Bytes from anywhere: UTF-8 is kept, what is not becomes U+FFFD, control characters are escaped. A text
 * that does not fit is cut so that the object can still be closed. */
void json_text(struct json *json, const char *key, const void *text, size_t n);
void json_string(struct json *json, const char *key, const char *text);
/* A list as the value of a key, and each of its objects. What does not fit is left out, here, too; the caller gives
 * room for a whole list. */
void json_list(struct json *json, const char *key);
void json_item(struct json *json);
void json_item_end(struct json *json);
void json_list_end(struct json *json);
/* Closes the object; returns its length. */
size_t json_close(struct json *json);

#endif
