/* Unpacks any bytes: nothing outside the destination may appear or change. Checksums are corrected first, or almost
 * every archive would be refused at its first header. */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/tar/tar-entry.h"
#include "archive/unpack/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int count_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)path, (void)st, (void)type;
    static int beside;
    if (ftw->level == 0)
        beside = 0;
    if (ftw->level == 1 && ++beside > 1)
        abort();
    return 0;
}

static void put_checksum_right(uint8_t *block) {
    unsigned sum = 0;
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += block[i];
    char text[8];
    snprintf(text, sizeof text, "%06o", sum & 0777777);
    memcpy(block + 148, text, 7);
}

static char top[] = "/dev/shm/unpack-fuzz-XXXXXX";

static void remove_top(void) { rmdir(top); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char destination[64];
    struct err err;
    struct totals totals = {0};
    if (!*destination) {
        if (!mkdtemp(top) || atexit(remove_top))
            abort();
        snprintf(destination, sizeof destination, "%s/dest", top);
    }
    if (size < 1 || mkdir(destination, 0700))
        return 0;
    uint8_t *copy = malloc(size);
    memcpy(copy, data, size);
    for (size_t at = 1; at + TAR_BLOCK <= size; at += TAR_BLOCK)
        if (copy[at])
            put_checksum_right(copy + at);
    int in = memfd_create("fuzz", 0);
    if (write(in, copy + 1, size - 1) != (ssize_t)(size - 1) || lseek(in, 0, SEEK_SET))
        abort();
    struct unpack_options options = {
        .foreign = data[0] & 1, .keep = data[0] & 2, .privileges = data[0] & 4, .as = data[0] & 8 ? "asked" : NULL};
    (void)unpack(in, destination, &options, &totals, &err);
    close(in);
    free(copy);
    nftw(top, count_one, 16, FTW_PHYS);
    nftw(destination, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
