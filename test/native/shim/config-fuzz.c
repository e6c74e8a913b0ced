/* Decodes any bytes as the shim's configuration. */
#include "shim/box/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct config config;
    struct err err;
    (void)config_decode(data, size, &config, &err);
    config_free(&config);
    return 0;
}
