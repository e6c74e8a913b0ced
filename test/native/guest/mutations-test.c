/* Runs the fuzz targets briefly and repeatably under the sanitizers, for machines without a fuzzer. */
#include <string.h>

#include "check.h"

#define LLVMFuzzerTestOneInput fuzz_identity_files
#include "command/identity-files-fuzz.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_message
#include "wire/message-fuzz.c"

enum { ROUNDS = 60000, LONGEST = 600 };

static uint32_t state = 2463534242;

static uint32_t chance(uint32_t below) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

static void run(int (*target)(const uint8_t *, size_t), const char *seed, size_t seed_size) {
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t *data = malloc(LONGEST);
        if (!data)
            exit(2);
        size_t size = seed_size < LONGEST ? seed_size : LONGEST;
        memcpy(data, seed, size);
        for (uint32_t changes = chance(8); changes; changes--) {
            static const uint8_t telling[] = {0, 1, 255, ':', ',', '\n', '0', '9', 12, 127, 128};
            data[chance((uint32_t)size)] = telling[chance(sizeof telling)];
        }
        size = chance(3) ? size : chance((uint32_t)size + 1);
        uint8_t *exact = malloc(size + !size); /* the sanitizer detects a read past its end */
        if (!exact)
            exit(2);
        memcpy(exact, data, size);
        target(exact, size);
        free(exact);
        free(data);
    }
}

int main(void) {
    static const char users[] = "\x05\x80"
                                "alice:x:1000:1000::/home/alice:/bin/sh\nroot:x:0:0:root:/root:/bin/sh\n"
                                "wheel:x:10:root,alice\nalice:x:1000:\nstaff:x:50:bob,alice\n";
    static const char exec[] = "\1\0\0\0\30\0\120\0\0\0\0\0\373\45\4\250\0\0\0\0\5\0\0\0alice\1\0\0\0/"
                               "\2\0\0\0\4\0\0\0echo\2\0\0\0hi\1\0\0\0\3\0\0\0A=b\0\0\0\0";
    static const char frames[] = "\4\0\0\0\1\0\0\0\2\1\0\0abcd\4\0\0\0\1\0\0\0\2\0\0\0abcd\0\0\0\0\7\0\0\0\7\0\0\0";
    run(fuzz_identity_files, users, sizeof users - 1);
    check("no text of users and groups breaks the parser", true);
    run(fuzz_message, exec, sizeof exec - 1);
    check("no exec breaks the decoder", true);
    run(fuzz_message, frames, sizeof frames - 1);
    check("no frames break the inbox", true);
    return 0;
}
