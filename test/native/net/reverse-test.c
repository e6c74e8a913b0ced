#include "net/names/reverse.h"

#include <string.h>

#include "frames.h"

static bool stands_for(const char *text, const char *expected) {
    struct dns_name name;
    struct in6_addr read, wanted = expected ? address(expected) : in6addr_any;
    bool found = dns_name_parse(text, &name) == 0 && reverse_read(&name, &read);
    return expected ? found && same_address(&read, &wanted) : !found;
}

int main(void) {
    static const struct {
        const char *what, *name, *address;
    } cases[] = {
        {"an address of IPv4", "2.0.18.172.in-addr.arpa", "::ffff:172.18.0.2"},
        {"whatever the case", "255.255.255.255.IN-ADDR.Arpa", "::ffff:255.255.255.255"},
        {"an address of IPv6", "3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.1.0.0.0.0.d.f.ip6.arpa",
         "fd00:18::3"},
        {"digits of both cases", "F.e.D.c.B.a.9.8.7.6.5.4.3.2.1.0.f.E.d.C.b.A.0.0.0.0.0.0.0.0.0.2.IP6.ARPA",
         "2000:0:ab:cdef:123:4567:89ab:cdef"},
        {"a network of IPv4", "18.172.in-addr.arpa", NULL},
        {"more than an address", "1.2.0.18.172.in-addr.arpa", NULL},
        {"too large a byte", "256.0.18.172.in-addr.arpa", NULL},
        {"a byte of four digits", "0002.0.18.172.in-addr.arpa", NULL},
        {"no number", "-2.0.18.172.in-addr.arpa", NULL},
        {"a number with a space", " 2.0.18.172.in-addr.arpa", NULL},
        {"a network of IPv6", "8.1.0.0.0.0.d.f.ip6.arpa", NULL},
        {"a byte for a digit", "03.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.1.0.0.0.0.d.f.ip6.arpa", NULL},
        {"no digit", "g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.1.0.0.0.0.d.f.ip6.arpa", NULL},
        {"the other family's domain", "2.0.18.172.ip6.arpa", NULL},
        {"another name", "web.test", NULL},
        {"the root", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].what, stands_for(cases[i].name, cases[i].address));
    return 0;
}
