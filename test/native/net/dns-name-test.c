#include "net/dns/local-names.h"

#include <errno.h>

#include "dns-made.h"

static struct made made;
static struct dns_name name, other;

static size_t read_at(size_t at) {
    uint8_t *exact = malloc(made.size + !made.size);
    if (!exact)
        exit(2);
    memcpy(exact, made.bytes, made.size);
    size_t end = dns_name_read(exact, made.size, at, &name);
    free(exact);
    return end;
}

static bool name_is(const char *text) { return dns_name_parse(text, &other) == 0 && dns_name_equal(&name, &other); }

static void put(const void *bytes, size_t n) {
    made_header(&made, 0, 0, 1, 0, 0, 0);
    made_bytes(&made, bytes, n);
}

static void reads_names(void) {
    put("\3www\7example\3com\0\4mail\xc0\x10", 24);
    check("a plain name", read_at(12) == 29 && name_is("www.example.com"));
    check("a compressed one", read_at(29) == 36 && name_is("mail.example.com."));
    put("\0", 1);
    check("the root", read_at(12) == 13 && name.size == 1 && name_is(""));
    put("\1a\0\xc0\x0c\xc0\x0f\xc0\x11", 9);
    check("a pointer to a pointer", read_at(19) == 21 && name_is("a"));
}

static void refuses_broken_names(void) {
    static const struct {
        const char *what, *bytes;
        size_t size;
    } cases[] = {
        {"no byte", "", 0},
        {"no end", "\1a", 2},
        {"a label beyond the end", "\5ab", 3},
        {"a label of 64 bytes",
         "\x40"
         "0123456789012345678901234567890123456789012345678901234567890123\0",
         66},
        {"a length of a type that was never defined",
         "\x80"
         "a\0",
         3},
        {"a pointer to itself", "\xc0\x0c", 2},
        {"a pointer to its own labels", "\1a\xc0\x0c", 4},
        {"a pointer into its own labels", "\3\1b\0\xc0\x0d", 6},
        {"a pointer forward", "\xc0\x0e\1a\0", 5},
        {"a pointer beyond the end", "\xff\xff", 2},
        {"a pointer into the header", "\xc0\x00", 2},
        {"half a pointer", "\1a\xc0", 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(cases[i].bytes, cases[i].size);
        check(cases[i].what, read_at(12) == 0);
    }
    put("", 0);
    check("an offset behind the message", read_at(100) == 0);
}

static void refuses_names_that_are_too_long(void) {
    put("", 0);
    for (int i = 0; i < 127; i++)
        made_bytes(&made, "\1a", 2);
    made_bytes(&made, "\0", 1);
    check("255 bytes are a name", read_at(12) && name.size == 255);
    made.bytes[12 + 252] = 2;
    made.bytes[12 + 255] = 0;
    made.size++;
    check("256 bytes are none", read_at(12) == 0);
    put("\1b\0", 3);
    for (int i = 0; i < 127; i++)
        made_bytes(&made, "\1a", 2);
    made_bytes(&made, "\xc0\x0c", 2);
    check("nor are they with a pointer", read_at(15) == 0);
}

/* Each pointer leads to the one before it. */
static void refuses_long_chains_of_pointers(void) {
    put("\1a\0", 3);
    made_bytes(&made, "\xc0\x0c", 2);
    for (unsigned i = 0; i < 4000; i++)
        made_u16(&made, 0xc000 | (unsigned)(made.size - 2));
    check("127 pointers are followed", read_at(12 + 3 + 126 * 2) && name_is("a"));
    check("not 128", read_at(12 + 3 + 127 * 2) == 0);
}

static void parses_and_compares(void) {
    char label[80], text[300];
    memset(label, 'a', sizeof label);
    check("an empty label is none", dns_name_parse("a..b", &name) == -1 && dns_name_parse(".", &name) == -1);
    label[63] = 0;
    check("63 bytes are a label", dns_name_parse(label, &name) == 0);
    label[63] = 'a';
    label[64] = 0;
    check("64 are none", dns_name_parse(label, &name) == -1);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? '.' : 'a';
    text[253] = 0;
    check("253 characters are a name", dns_name_parse(text, &name) == 0 && name.size == 255);
    memcpy(text + 253, "a", 2);
    check("254 are none", dns_name_parse(text, &name) == -1);
    check("case does not matter", dns_name_parse("WWW.Example.COM", &name) == 0 && name_is("www.eXAMPLE.com"));
    check("other characters do", !name_is("www-example.com") && dns_name_parse("a[b", &name) == 0 && !name_is("a{b"));
    dns_name_parse("boxlite.internal", &other);
    check("a name is within itself", dns_name_parse("Boxlite.Internal", &name) == 0 && dns_name_within(&name, &other));
    check("and its subdomains are",
          dns_name_parse("a.b.boxlite.internal", &name) == 0 && dns_name_within(&name, &other));
    check("what ends alike is not", dns_name_parse("xboxlite.internal", &name) == 0 && !dns_name_within(&name, &other));
    check("nor is its parent", dns_name_parse("internal", &name) == 0 && !dns_name_within(&name, &other));
    /* The bytes of "boxlite.internal" with its lengths, as one label. */
    name.size = 0;
    name.wire[name.size++] = (uint8_t)(other.size - 1);
    memcpy(name.wire + 1, other.wire, other.size - 1);
    name.size += other.size - 1;
    name.wire[name.size++] = 0;
    check("nor is a label that holds its bytes", !dns_name_within(&name, &other));
}

static struct dns_local_names table;

static enum dns_local find(const char *text, struct dns_addresses *addresses) {
    dns_name_parse(text, &name);
    return dns_local_names_find(&table, &name, addresses);
}

static void knows_local_names(void) {
    struct dns_addresses found, gateway = {.v4_count = 1, .v4 = {{htonl(0x0a000202)}}};
    check("a name is added", dns_local_names_set(&table, "gateway.boxlite.internal", &gateway) == 0);
    check("and found in any case", find("GATEWAY.boxlite.internal", &found) == DNS_LOCAL_KNOWN && found.v4_count == 1 &&
                                       !found.v6_count && found.v4[0].s_addr == htonl(0x0a000202));
    gateway.v4[0].s_addr = htonl(0x0a000203);
    check("it can be changed", dns_local_names_set(&table, "Gateway.boxlite.internal", &gateway) == 0 &&
                                   table.count == 1 && find("gateway.boxlite.internal", &found) == DNS_LOCAL_KNOWN &&
                                   found.v4[0].s_addr == htonl(0x0a000203));
    check("other names of the domain are missing", find("x.boxlite.internal", &found) == DNS_LOCAL_MISSING);
    check("the domain itself has no address", find("boxlite.internal", &found) == DNS_LOCAL_KNOWN && !found.v4_count);
    check("localhost is the loopback", find("LocalHost", &found) == DNS_LOCAL_KNOWN && found.v6_count == 1 &&
                                           found.v4[0].s_addr == htonl(INADDR_LOOPBACK));
    check("so is what is below it", find("a.b.localhost", &found) == DNS_LOCAL_KNOWN && found.v4_count == 1);
    check("other names are not ours", find("example.com", &found) == DNS_LOCAL_FOREIGN &&
                                          find("mylocalhost", &found) == DNS_LOCAL_FOREIGN &&
                                          find("", &found) == DNS_LOCAL_FOREIGN);
    check("what is no name is refused", dns_local_names_set(&table, "a..b", &gateway) == -1 && errno == EINVAL);
    for (int i = 1; i < DNS_MAX_LOCAL_NAMES; i++) {
        char text[32];
        snprintf(text, sizeof text, "box-%d", i);
        dns_local_names_set(&table, text, &gateway);
    }
    check("the table is bounded", dns_local_names_set(&table, "one-more", &gateway) == -1 && errno == ENOSPC &&
                                      find("box-63", &found) == DNS_LOCAL_KNOWN);
    check("a full one can be changed", dns_local_names_set(&table, "box-63", &gateway) == 0);
    gateway.v4_count = 0;
    check("a name is removed", dns_local_names_set(&table, "gateway.boxlite.internal", &gateway) == 0 &&
                                   find("gateway.boxlite.internal", &found) == DNS_LOCAL_MISSING &&
                                   find("box-63", &found) == DNS_LOCAL_KNOWN && table.count == DNS_MAX_LOCAL_NAMES - 1);
}

int main(void) {
    reads_names();
    refuses_broken_names();
    refuses_names_that_are_too_long();
    refuses_long_chains_of_pointers();
    parses_and_compares();
    knows_local_names();
    return 0;
}
