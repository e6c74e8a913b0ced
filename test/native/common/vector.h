/* Reads a golden message of native/protocol/vectors; the tests run in native/. */
#ifndef BOXLITE_TEST_VECTOR_H
#define BOXLITE_TEST_VECTOR_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline size_t read_vector(const char *name, uint8_t *to, size_t size) {
    char path[256];
    snprintf(path, sizeof path, "protocol/vectors/%s.bin", name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    size_t n = fread(to, 1, size, file);
    fclose(file);
    return n;
}

#endif
