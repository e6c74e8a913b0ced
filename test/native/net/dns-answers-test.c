#include "dns-made.h"

static struct made made;
static struct dns_answers answers;
static struct dns_answer answer;

/* -1 when the walk ends in a fault, else the number of answers. */
static int walk(void) {
    uint8_t *exact = malloc(made.size + !made.size);
    if (!exact)
        exit(2);
    memcpy(exact, made.bytes, made.size);
    int count = 0, more = dns_answers_begin(&answers, exact, made.size);
    while (more >= 0 && (more = dns_answers_next(&answers, &answer)) > 0)
        count++;
    free(exact);
    return more < 0 ? -1 : count;
}

static bool is(const struct dns_name *name, const char *text) {
    struct dns_name other;
    return dns_name_parse(text, &other) == 0 && dns_name_equal(name, &other);
}

static void begin(unsigned count) {
    made_query(&made, 1, "www.example.com", DNS_TYPE_A);
    dns_put_u16(made.bytes + 2, 0x8180);
    dns_put_u16(made.bytes + 6, count);
}

static void follows_a_chain(void) {
    begin(3);
    /* www.example.com is cdn.example.com, compressed: "cdn" and a pointer to "example.com". */
    made_bytes(&made, "\xc0\x0c\0\5\0\1\0\0\1\0\0\6\3cdn\xc0\x10", 18);
    size_t cdn = made.size - 6;
    made_u16(&made, 0xc000 | (unsigned)cdn);
    made_bytes(&made, "\0\1\0\1\x80\0\0\1\0\4\xc0\0\2\1", 14);
    made_record(&made, "Cdn.Example.Com", DNS_TYPE_AAAA, DNS_CLASS_IN, 7, &in6addr_loopback, 16);
    made_edns(&made, 1232, 0);
    check("a chain is begun", dns_answers_begin(&answers, made.bytes, made.size) == 0);
    check("with the alias", dns_answers_next(&answers, &answer) == 1 && answer.record.type == DNS_TYPE_CNAME &&
                                is(&answer.record.owner, "www.example.com") && is(&answer.target, "cdn.example.com") &&
                                answer.record.ttl == 256);
    check("then an address of its target",
          dns_answers_next(&answers, &answer) == 1 && is(&answer.record.owner, "cdn.example.com") &&
              !answer.target.size && answer.record.data_size == 4 && memcmp(answer.record.data, "\xc0\0\2\1", 4) == 0);
    check("whose time to live is no negative number", answer.record.ttl == 0);
    check("then one of IPv6", dns_answers_next(&answers, &answer) == 1 && answer.record.type == DNS_TYPE_AAAA &&
                                  is(&answer.record.owner, "cdn.example.com") && answer.record.ttl == 7 &&
                                  memcmp(answer.record.data, &in6addr_loopback, 16) == 0);
    check("and no other section", dns_answers_next(&answers, &answer) == 0);
}

static void refuses_broken_answers(void) {
    begin(0);
    check("no answers are none", walk() == 0);
    made.size = 11;
    check("half a header", walk() == -1);
    begin(1);
    check("an answer that is not there", walk() == -1);
    begin(0);
    dns_put_u16(made.bytes + 4, 65535);
    check("questions that are not there", walk() == -1);

    static const struct {
        const char *what;
        unsigned type, class, size;
        int count;
    } cases[] = {
        {"an A of 3 bytes", DNS_TYPE_A, DNS_CLASS_IN, 3, -1},
        {"an A of 16 bytes", DNS_TYPE_A, DNS_CLASS_IN, 16, -1},
        {"an AAAA of 4 bytes", DNS_TYPE_AAAA, DNS_CLASS_IN, 4, -1},
        {"an AAAA of none", DNS_TYPE_AAAA, DNS_CLASS_IN, 0, -1},
        {"a CNAME of none", DNS_TYPE_CNAME, DNS_CLASS_IN, 0, -1},
        {"an A of 3 bytes in another class is only yielded", DNS_TYPE_A, 3, 3, 1},
        {"any other type is only yielded", 16, DNS_CLASS_IN, 3, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(1);
        made_record(&made, "www.example.com", cases[i].type, cases[i].class, 1, "abcdefghijklmnop", cases[i].size);
        check(cases[i].what, walk() == cases[i].count);
    }
    begin(1);
    made_record(&made, "a", DNS_TYPE_CNAME, DNS_CLASS_IN, 1, "\1b\0x", 4);
    check("a CNAME with bytes behind its name", walk() == -1);
    begin(1);
    made_record(&made, "a", DNS_TYPE_CNAME, DNS_CLASS_IN, 1, "\5b", 2);
    made_bytes(&made, "bbbb\0", 5);
    check("a CNAME that goes on behind its data", walk() == -1);
    begin(1);
    made_record(&made, "a", DNS_TYPE_A, DNS_CLASS_IN, 1, "abcd", 4);
    size_t whole = made.size;
    bool all = true;
    for (made.size = 0; made.size < whole; made.size++)
        all = all && walk() == -1;
    check("a message cut short anywhere", all);
}

/* 64 KiB of the costliest names: each ends in as many pointers as are followed. */
static void bounds_the_work(void) {
    made_header(&made, 1, 0x8180, 0, 5000, 0, 0);
    made_record(&made, "a", 16, DNS_CLASS_IN, 1, "", 0);
    made_u16(&made, 0xc00c);
    made_bytes(&made, "\0\20\0\1\0\0\0\0\1\0", 10);
    made_u16(&made, 0xc00c);
    for (int i = 0; i < 120; i++)
        made_u16(&made, 0xc000 | (unsigned)(made.size - 2));
    unsigned chain = (unsigned)made.size - 2;
    dns_put_u16(made.bytes + 12 + 13 + 10, (unsigned)made.size - (12 + 13 + 12));
    while (made.size + 12 < 65535) {
        made_u16(&made, 0xc000 | chain);
        made_bytes(&made, "\0\20\0\1\0\0\0\0\0\0", 10);
    }
    check("a large message of pointers is walked", walk() == 5000);
}

int main(void) {
    follows_a_chain();
    refuses_broken_answers();
    bounds_the_work();
    return 0;
}
