#include "shown.h"

#include <stdio.h>
#include <string.h>

enum { BUFFERS = 4, SHOWN_BYTES = 112, ESCAPE_BYTES = 4, CUT_BYTES = 4 };

const char *shown(const char *name) {
    static char buffers[BUFFERS][SHOWN_BYTES];
    static unsigned next;
    char *out = buffers[next++ % BUFFERS];
    size_t used = 0;
    for (; *name; name++) {
        unsigned char byte = (unsigned char)*name;
        if (used + ESCAPE_BYTES + CUT_BYTES >= SHOWN_BYTES) {
            memcpy(out + used, "...", 3);
            used += 3;
            break;
        }
        if (byte < ' ' || byte == 0x7f || byte == '\\')
            used += (size_t)sprintf(out + used, "\\x%02x", byte);
        else
            out[used++] = (char)byte;
    }
    out[used] = 0;
    return out;
}
