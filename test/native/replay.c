/* Runs a fuzzer over files: what fuzzing has found before, under the sanitizers of the compiler at hand. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *content_of(const char *path, size_t *size);

int main(int argc, char **argv) {
    /* Before the fuzzer may leave the directory. */
    struct {
        uint8_t *bytes;
        size_t size;
    } *inputs = calloc((size_t)argc, sizeof *inputs);
    if (!inputs)
        return 2;
    for (int i = 1; i < argc; i++)
        inputs[i].bytes = content_of(argv[i], &inputs[i].size);
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        /* On a standard error that is not buffered: a fault's input is the last one here. */
        fprintf(stderr, "%s\n", argv[i]);
        LLVMFuzzerTestOneInput(inputs[i].bytes, inputs[i].size);
        free(inputs[i].bytes);
    }
    free(inputs);
    return printf("ok %d inputs\n", argc - 1) < 0;
}

static uint8_t *content_of(const char *path, size_t *size) {
    FILE *file = fopen(path, "re");
    long length = -1;
    if (file && fseek(file, 0, SEEK_END) == 0)
        length = ftell(file);
    uint8_t *bytes = length < 0 ? NULL : malloc(length ? (size_t)length : 1);
    if (bytes) {
        rewind(file);
        *size = fread(bytes, 1, (size_t)length, file);
    }
    if (!bytes || *size != (size_t)length) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return bytes;
}
