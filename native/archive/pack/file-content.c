#include "file-content.h"

#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "../outcome/shown.h"

enum { COPY_BYTES = 262144 };

static uint64_t send_pages(FILE *out, int file, uint64_t offset, uint64_t size);

int file_content_copy(FILE *out, int file, const struct tar_extent *piece, const char *name, bool *shorter,
                      struct err *err) {
    static char buffer[COPY_BYTES];
    uint64_t offset = piece->offset, size = piece->size;
    if (size >= sizeof buffer) {
        uint64_t sent = send_pages(out, file, offset, size);
        offset += sent;
        size -= sent;
    }
    for (bool ended = false; size;) {
        size_t wanted = size < sizeof buffer ? (size_t)size : sizeof buffer;
        ssize_t n = ended ? 0 : pread(file, buffer, wanted, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "can't read %s", shown(name));
        if (n == 0) {
            ended = *shorter = true;
            memset(buffer, 0, wanted);
            n = (ssize_t)wanted;
        }
        if (fwrite(buffer, 1, (size_t)n, out) != (size_t)n)
            return err_errno(err, "can't write the archive");
        offset += (uint64_t)n;
        size -= (uint64_t)n;
    }
    return 0;
}

/* Sends pages from the file to the pipe as they are, where the kernel can; whatever stops it, the caller copies the
 * rest and meets the same error there. @returns how many bytes were sent */
static uint64_t send_pages(FILE *out, int file, uint64_t offset, uint64_t size) {
    uint64_t sent = 0;
    off_t at = (off_t)offset;
    if (fflush(out))
        return 0;
    while (sent < size) {
        ssize_t n = sendfile(fileno(out), file, &at, size - sent);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        sent += (uint64_t)n;
    }
    return sent;
}
