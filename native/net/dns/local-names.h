/* The names that we answer ourselves, and those that must not leave the host. */
#ifndef BOXLITE_NET_DNS_LOCAL_NAMES_H
#define BOXLITE_NET_DNS_LOCAL_NAMES_H

#include "message.h"

enum { DNS_MAX_LOCAL_NAMES = 64 };

struct dns_local_name {
    struct dns_name name;
    struct dns_addresses addresses;
};

struct dns_local_names {
    size_t count;
    struct dns_local_name names[DNS_MAX_LOCAL_NAMES];
};

/* Adds the name or replaces its addresses; with none of them it removes the name. Returns -1 with EINVAL when the
 * text is no name, with ENOSPC when the table is full. */
int dns_local_names_set(struct dns_local_names *table, const char *text, const struct dns_addresses *addresses);

enum dns_local {
    DNS_LOCAL_FOREIGN, /* to be asked for elsewhere */
    DNS_LOCAL_KNOWN,   /* `addresses` are all that there are, none perhaps */
    DNS_LOCAL_MISSING, /* there is no such name, and no server may be asked for it */
};

enum dns_local dns_local_names_find(const struct dns_local_names *table, const struct dns_name *name,
                                    struct dns_addresses *addresses);

#endif
