/* Domain names as DNS messages carry them (RFC 1035, 3.1 and 4.1.4). */
#ifndef BOXLITE_NET_DNS_NAME_H
#define BOXLITE_NET_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_NAME_BYTES = 255, DNS_LABEL_BYTES = 63 };

/* Labels with their lengths, without compression, up to and with the root's empty label. */
struct dns_name {
    size_t size;
    uint8_t wire[DNS_NAME_BYTES];
};

/* Reads the name at the offset `at` of a hostile message. Returns the offset behind it, or 0 when it breaks the
 * format. */
size_t dns_name_read(const uint8_t *message, size_t size, size_t at, struct dns_name *name);

/* Reads "host.boxlite.internal", with or without a dot at its end. Returns -1 when that is no name. */
int dns_name_parse(const char *text, struct dns_name *name);

/* Names are compared without regard to the case of ASCII letters. */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);
/* Whether the name is `parent` or stands below it. */
bool dns_name_within(const struct dns_name *name, const struct dns_name *parent);

#endif
