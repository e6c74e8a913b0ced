/* Runs the fuzz target briefly and repeatably under the sanitizers, for machines without a fuzzer. */
#include "crafted.h"

#include "unpack/unpack-fuzz.c"

enum { ROUNDS = 4000 };

static uint32_t state = 2463534242;

static uint32_t chance(uint32_t below) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

int main(void) {
    struct crafted *c = craft();
    char *bytes;
    fputc(0, c->out);
    add(c, 'd', "s", 0755, "");
    add(c, 'f', "s/a", 0644, "some text");
    add(c, 'l', "s/l", 0777, "../..");
    add(c, 'f', "s/l/x", 0644, "through");
    add(c, 'h', "s/h", 0644, "s/a");
    struct stat st = {.st_mode = S_IFREG | 0600, .st_size = 100000, .st_mtim = {5, 6}};
    struct tar_extent extents[] = {{0, 5}, {5000, 5}};
    struct err err;
    struct tar_attribute attribute = {"user.x", "1", 1};
    tar_write_entry(c->out,
                    &(struct tar_entry){.name = "s/sparse",
                                        .link = "",
                                        .stat = &st,
                                        .extents = extents,
                                        .extent_count = 2,
                                        .attributes = &attribute,
                                        .attribute_count = 1},
                    &err);
    fwrite("1234512345", 1, 10, c->out);
    tar_pad(c->out, 10, &err);
    tar_end(c->out, &err);
    fclose(c->out);
    for (int round = 0; round < ROUNDS; round++) {
        bytes = malloc(c->size);
        memcpy(bytes, c->bytes, c->size);
        bytes[0] = (char)chance(16);
        for (uint32_t changes = chance(6); changes; changes--) {
            static const uint8_t telling[] = {0,   1,   255, '/', '.', '\n', '0', '9', '=',
                                              ' ', '1', '2', '5', 'x', 'S',  'L', 128};
            /* Most of an archive is padding, which is never read. */
            size_t at = chance((uint32_t)c->size);
            while (at + 1 < c->size && !c->bytes[at])
                at++;
            bytes[at] = (char)telling[chance(sizeof telling)];
        }
        LLVMFuzzerTestOneInput((const uint8_t *)bytes, chance(4) ? c->size : chance((uint32_t)c->size) + 1);
        free(bytes);
    }
    free(c->bytes);
    free(c);
    check("nothing of any of thousands of damaged archives is seen outside", true);
    return 0;
}
