/* /etc/passwd and /etc/group come from the image, so they may hold any bytes. The first byte splits the others into the
 * three texts. */
#include <string.h>

#include "guest/command/identity-files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct who who;
    struct err err;
    char spec[64] = "";
    if (size < 2)
        return 0;
    size_t spec_size = data[0] % sizeof spec, rest = size - 2;
    size_t passwd_size = rest * data[1] / 256;
    const char *text = (const char *)data + 2;
    memcpy(spec, text, spec_size < rest ? spec_size : rest);
    spec[sizeof spec - 1] = 0;
    who_resolve(spec, (struct text){text, passwd_size}, (struct text){text + passwd_size, rest - passwd_size}, &who,
                &err);
    return 0;
}
