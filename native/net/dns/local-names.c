#include "local-names.h"

#include <errno.h>
#include <string.h>

static size_t index_of(const struct dns_local_names *table, const struct dns_name *name);
static struct dns_name constant(const char *text);

int dns_local_names_set(struct dns_local_names *table, const char *text, const struct dns_addresses *addresses) {
    struct dns_name name;
    if (dns_name_parse(text, &name)) {
        errno = EINVAL;
        return -1;
    }
    size_t at = index_of(table, &name);
    if (!addresses->v4_count && !addresses->v6_count) {
        if (at < table->count)
            table->names[at] = table->names[--table->count];
        return 0;
    }
    if (at == DNS_MAX_LOCAL_NAMES) {
        errno = ENOSPC;
        return -1;
    }
    table->names[at] = (struct dns_local_name){.name = name, .addresses = *addresses};
    if (at == table->count)
        table->count++;
    return 0;
}

enum dns_local dns_local_names_find(const struct dns_local_names *table, const struct dns_name *name,
                                    struct dns_addresses *addresses) {
    memset(addresses, 0, sizeof *addresses);
    size_t at = index_of(table, name);
    if (at < table->count) {
        *addresses = table->names[at].addresses;
        return DNS_LOCAL_KNOWN;
    }
    /* RFC 6761, 6.3. */
    const struct dns_name localhost = constant("localhost"), internal = constant("boxlite.internal");
    if (dns_name_within(name, &localhost)) {
        *addresses = (struct dns_addresses){
            .v4_count = 1, .v6_count = 1, .v4 = {{htonl(INADDR_LOOPBACK)}}, .v6 = {IN6ADDR_LOOPBACK_INIT}};
        return DNS_LOCAL_KNOWN;
    }
    if (dns_name_equal(name, &internal))
        return DNS_LOCAL_KNOWN;
    return dns_name_within(name, &internal) ? DNS_LOCAL_MISSING : DNS_LOCAL_FOREIGN;
}

/* `count` when it is not there. */
static size_t index_of(const struct dns_local_names *table, const struct dns_name *name) {
    size_t at = 0;
    while (at < table->count && !dns_name_equal(&table->names[at].name, name))
        at++;
    return at;
}

/* Their text is a constant: parsing it cannot fail. */
static struct dns_name constant(const char *text) {
    struct dns_name name;
    (void)dns_name_parse(text, &name);
    return name;
}
