#include "tar-number.h"

bool tar_number(const uint8_t *field, size_t width, int64_t *out) {
    if (field[0] & 0x80) {
        /* Two's complement, big-endian; the first bit only marks it. */
        bool negative = field[0] & 0x40;
        uint64_t value = negative ? ~UINT64_C(0) : 0;
        for (size_t i = 0; i < width; i++) {
            uint8_t byte = i == 0 ? (uint8_t)((field[0] & 0x7f) | (negative ? 0x80 : 0)) : field[i];
            uint8_t lost = (uint8_t)(value >> 56);
            if (lost != (negative ? 0xff : 0))
                return false;
            value = value << 8 | byte;
        }
        *out = (int64_t)value;
        return (*out < 0) == negative;
    }
    size_t i = 0;
    uint64_t value = 0;
    while (i < width && (field[i] == ' ' || field[i] == 0))
        i++;
    for (; i < width && field[i] != ' ' && field[i] != 0; i++) {
        if (field[i] < '0' || field[i] > '7')
            return false;
        value = value << 3 | (uint64_t)(field[i] - '0');
    }
    for (; i < width; i++)
        if (field[i] != ' ' && field[i] != 0)
            return false;
    *out = (int64_t)value;
    return value <= INT64_MAX;
}
