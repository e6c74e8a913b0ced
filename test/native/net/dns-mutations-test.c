/* A short, repeatable run of the fuzz target under the sanitizers, for machines without a fuzzer. */
#include "dns-made.h"

#define LLVMFuzzerTestOneInput fuzz_dns
#include "dns-fuzz.c"
#undef LLVMFuzzerTestOneInput

enum { ROUNDS = 100000, LONGEST = 600 };

static uint32_t state = 2463534242;

static uint32_t chance(uint32_t below) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

static void run(const char *fact, const struct made *seed) {
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t data[LONGEST];
        uint32_t size = (uint32_t)seed->size;
        memcpy(data, seed->bytes, size);
        for (uint32_t changes = chance(8); changes; changes--) {
            static const uint8_t telling[] = {0, 1, 2, 5, 12, 28, 41, 63, 64, 127, 128, 192, 255};
            data[chance(size)] = chance(4) ? telling[chance(sizeof telling)] : (uint8_t)chance(size);
        }
        size = chance(3) ? size : chance(size + 1);
        uint8_t *exact = malloc(size + !size); /* so that a read past the end is seen */
        if (!exact)
            exit(2);
        memcpy(exact, data, size);
        fuzz_dns(exact, size);
        free(exact);
    }
    check(fact, true);
}

int main(void) {
    static struct made made, reply;
    made_query(&made, 1, "www.example.com", DNS_TYPE_AAAA);
    made_edns(&made, 4096, 0x8000);
    run("no query breaks the parser", &made);
    made_reply(&reply, made.bytes, made.size, 0, 30);
    run("no reply with addresses does", &reply);

    made_reply(&reply, made.bytes, made.size, 0, 0);
    made_bytes(&reply, "\xc0\x0c\0\5\0\1\0\0\1\0\0\6\3cdn\xc0\x10", 18);
    made_u16(&reply, 0xc000 | (unsigned)(reply.size - 6));
    made_bytes(&reply, "\0\34\0\1\0\0\0\1\0\20\0\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1", 26);
    dns_put_u16(reply.bytes + 6, 2);
    made_edns(&reply, 1232, 0);
    run("no reply with an alias does", &reply);
    return 0;
}
