#include "tar-header.h"

#include <stdlib.h>
#include <string.h>

#include "tar-number.h"

bool tar_header_is_sound(const uint8_t *header) {
    int64_t stored, sum = 0, signed_sum = 0; /* old tars summed signed bytes */
    if (!tar_number(header + TAR_CHECKSUM_AT, 8, &stored))
        return false;
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        uint8_t byte = i >= TAR_CHECKSUM_AT && i < TAR_CHECKSUM_AT + 8 ? ' ' : header[i];
        sum += byte;
        signed_sum += (int8_t)byte;
    }
    return stored == sum || stored == signed_sum;
}

char *tar_header_name(const uint8_t *header) {
    bool ustar = memcmp(header + TAR_MAGIC_AT, "ustar\0", 6) == 0;
    size_t prefix = ustar ? strnlen((const char *)header + TAR_PREFIX_AT, 155) : 0;
    size_t length = strnlen((const char *)header + TAR_NAME_AT, 100);
    char *name = malloc(prefix + length + 2);
    if (!name)
        return NULL;
    memcpy(name, header + TAR_PREFIX_AT, prefix);
    if (prefix)
        name[prefix++] = '/';
    memcpy(name + prefix, header + TAR_NAME_AT, length);
    name[prefix + length] = 0;
    return name;
}

char *tar_header_link(const uint8_t *header) { return strndup((const char *)header + TAR_LINK_AT, 100); }

int tar_header_kind(uint8_t type, const char *name) {
    size_t length = strlen(name);
    switch (type) {
    case 0: /* before directories had a type, a slash marked them */
    case '0':
    case '7':
        return type == 0 && length && name[length - 1] == '/' ? TAR_DIRECTORY : TAR_FILE;
    case 'S':
        return TAR_FILE;
    case '1':
        return TAR_HARD_LINK;
    case '2':
        return TAR_SYMLINK;
    case '3':
        return TAR_CHARACTER;
    case '4':
        return TAR_BLOCK_DEVICE;
    case '5':
        return TAR_DIRECTORY;
    case '6':
        return TAR_FIFO;
    default:
        return -1;
    }
}
