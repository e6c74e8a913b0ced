/* Builds archives entry by entry, including those that no tar program would write. */
#ifndef BOXLITE_TEST_CRAFTED_H
#define BOXLITE_TEST_CRAFTED_H

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../guest/check.h"
#include "archive/tar/tar-entry.h"

struct crafted {
    char *bytes;
    size_t size;
    FILE *out;
};

static inline struct crafted *craft(void) {
    struct crafted *crafted = calloc(1, sizeof *crafted);
    crafted->out = open_memstream(&crafted->bytes, &crafted->size);
    return crafted;
}

/* Adds an entry. kind: d(irectory), f(ile), l(ink), h(ard link), p(ipe), c(haracter device). text: a file's content, or
 * a link's target. */
static inline void add(struct crafted *crafted, char kind, const char *name, unsigned mode, const char *text) {
    struct err err;
    mode_t type = kind == 'd'   ? S_IFDIR
                  : kind == 'l' ? S_IFLNK
                  : kind == 'p' ? S_IFIFO
                  : kind == 'c' ? S_IFCHR
                                : S_IFREG;
    struct stat st = {.st_mode = type | mode, .st_mtim = {1000000000, 0}, .st_rdev = 0x103};
    bool link = kind == 'l' || kind == 'h';
    st.st_size = kind == 'f' ? (off_t)strlen(text) : 0;
    struct tar_entry entry = {.name = name, .link = link ? text : "", .hard_link = kind == 'h', .stat = &st};
    check("an entry is crafted", tar_write_entry(crafted->out, &entry, &err) == 0);
    if (kind == 'f') {
        fwrite(text, 1, strlen(text), crafted->out);
        tar_pad(crafted->out, strlen(text), &err);
    }
}

/* Returns a descriptor for the first `size` bytes, or for the complete archive if it is 0. */
static inline int sent(struct crafted *crafted, size_t size) {
    struct err err;
    if (!size)
        tar_end(crafted->out, &err);
    fclose(crafted->out);
    int fd = memfd_create("archive", MFD_CLOEXEC);
    size_t wanted = size ? size : crafted->size;
    check("an archive is sent", write(fd, crafted->bytes, wanted) == (ssize_t)wanted);
    lseek(fd, 0, SEEK_SET);
    free(crafted->bytes);
    free(crafted);
    return fd;
}

#endif
