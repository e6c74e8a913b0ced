#include "decoder.h"

#include <errno.h>
#include <string.h>

const char *decoder_string(struct decoder *d, const char *name) {
    const uint8_t *bytes;
    uint32_t size;
    rd_bytes(&d->rd, &bytes, &size);
    if (d->rd.bad || d->failed)
        return "";
    if (memchr(bytes, 0, size)) {
        d->failed = true;
        err_set(d->err, EINVAL, "configuration: %s holds a NUL", name);
        return "";
    }
    char *string = d->space;
    memcpy(string, bytes, size);
    string[size] = 0;
    d->space += size + 1;
    return string;
}

uint32_t decoder_count(struct decoder *d, const char *name, uint32_t most, size_t least_bytes) {
    uint32_t n = rd_u32(&d->rd);
    if (d->rd.bad || d->failed)
        return 0;
    if (n <= most && n <= d->rd.left / least_bytes)
        return n;
    d->failed = true;
    err_set(d->err, n > most ? E2BIG : EPROTO, "configuration: %u %s do not fit", n, name);
    return 0;
}

void decoder_exact(struct decoder *d, const char *name, void *to, uint32_t size) {
    const uint8_t *bytes;
    uint32_t given;
    rd_bytes(&d->rd, &bytes, &given);
    if (d->rd.bad || d->failed)
        return;
    if (given == size) {
        if (size)
            memcpy(to, bytes, size);
        return;
    }
    d->failed = true;
    err_set(d->err, EINVAL, "configuration: %s has %u bytes, not %u", name, given, size);
}
