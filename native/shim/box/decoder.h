/* Takes the fields of the configuration from its message. Decoding stops at the first error. */
#ifndef BOXLITE_SHIM_BOX_DECODER_H
#define BOXLITE_SHIM_BOX_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../common/err.h"
#include "../../common/wire.h"

struct decoder {
    struct rd rd;
    char *space;     /* every string's NUL replaces its length prefix: the message's size is room enough */
    struct err *err; /* holds the first error, if `failed` */
    bool failed;
};

/* "" after an error. */
const char *decoder_string(struct decoder *d, const char *name);
/* A count that the rest of the message can hold, so that allocating for it is safe; 0 after an error. */
uint32_t decoder_count(struct decoder *d, const char *name, uint32_t most, size_t least_bytes);
/* Bytes of this size and no other. */
void decoder_exact(struct decoder *d, const char *name, void *to, uint32_t size);

#endif
