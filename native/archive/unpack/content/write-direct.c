#include "write-direct.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../outcome/shown.h"
#include "write-all.h"

/* Each write waits for its disk, so it is a large one. */
enum { PAGE_BYTES = 4096, DIRECT_BYTES = 1 << 20 };

static int set_direct(int file, bool on);
static size_t whole_pages(uint64_t size);

int write_direct(int file, struct tar_stream *stream, const struct tar_item *item, uint64_t offset, uint64_t size,
                 uint64_t *written, struct err *err) {
    static uint8_t *buffer; /* allocated for the first file that is large enough, and kept */
    *written = 0;
    if (size < DIRECT_BYTES || offset % PAGE_BYTES || set_direct(file, true))
        return 0;
    if (!buffer)
        buffer = aligned_alloc(PAGE_BYTES, DIRECT_BYTES);
    if (!buffer)
        return err_set(err, ENOMEM, "no memory to write %s", shown(item->name));
    bool goes_on = true;
    for (size_t wanted; goes_on && (wanted = whole_pages(size - *written)); *written += wanted) {
        if (tar_stream_read(stream, buffer, wanted, err))
            return -1;
        uint64_t at = offset + *written;
        ssize_t n = pwrite(file, buffer, wanted, (off_t)at);
        size_t done = n > 0 ? (size_t)n : 0;
        goes_on = done == wanted;
        /* The rest is written the ordinary way, which reports the error again, unless direct writing itself caused
         * it. */
        if (!goes_on && (set_direct(file, false) || write_all(file, buffer + done, wanted - done, at + done)))
            return err_errno(err, "can't write %s", shown(item->name));
    }
    if (goes_on && set_direct(file, false))
        return err_errno(err, "can't write %s", shown(item->name));
    return 0;
}

/* Of a pipe or a terminal the flag would mean another thing. */
static int set_direct(int file, bool on) {
    struct stat st;
    int flags = fcntl(file, F_GETFL);
    if (flags < 0 || fstat(file, &st) || !S_ISREG(st.st_mode))
        return -1;
    return fcntl(file, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT);
}

static size_t whole_pages(uint64_t size) {
    return (size_t)(size < DIRECT_BYTES ? size : DIRECT_BYTES) / PAGE_BYTES * PAGE_BYTES;
}
