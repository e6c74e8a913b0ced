#include "reverse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "grants.h"

static bool read_v4(const char *text, uint32_t *address);
static bool read_v6(const char *text, struct in6_addr *address);
static int digit(char text);

bool reverse_read(const struct dns_name *name, struct in6_addr *address) {
    char text[NET_NAME_BYTES];
    uint32_t v4;
    if (!grants_name_text(name, text))
        return false;
    if (!read_v4(text, &v4))
        return read_v6(text, address);
    *address = address_of_v4(v4);
    return true;
}

/* The last byte comes first, each in decimal. */
static bool read_v4(const char *text, uint32_t *address) {
    *address = 0;
    for (unsigned i = 0; i < 4; i++) {
        char *end;
        unsigned long byte = strtoul(text, &end, 10);
        if (digit(*text) < 0 || digit(*text) > 9 || byte > 255 || end - text > 3 || *end != '.')
            return false;
        *address |= (uint32_t)byte << 8 * i;
        text = end + 1;
    }
    return strcasecmp(text, "in-addr.arpa") == 0;
}

/* The last half of the last byte comes first, each a digit. */
static bool read_v6(const char *text, struct in6_addr *address) {
    memset(address, 0, sizeof *address);
    for (unsigned i = 0; i < 32; i++, text += 2) {
        int half = digit(*text);
        if (half < 0 || text[1] != '.')
            return false;
        address->s6_addr[15 - i / 2] |= (uint8_t)(half << 4 * (i % 2));
    }
    return strcasecmp(text, "ip6.arpa") == 0;
}

/* -1: it is none, of base 16. */
static int digit(char text) {
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = text ? strchr(digits, text) : NULL;
    return !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits - 6);
}
