#include "tar-reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../outcome/outcome.h"
#include "../outcome/shown.h"
#include "../outcome/stop.h"
#include "pax-records.h"
#include "tar-number.h"

enum {
    BUFFER_BYTES = 256 << 10,
    MAX_EXTENSION = 1 << 20, /* one long name or one set of records; every common tool stays far below */
    MAX_EXTENSIONS = 16,     /* in a row, before the entry they speak of */
    NAME_AT = 0,
    MODE_AT = 100,
    UID_AT = 108,
    GID_AT = 116,
    SIZE_AT = 124,
    MTIME_AT = 136,
    CHECKSUM_AT = 148,
    TYPE_AT = 156,
    LINK_AT = 157,
    MAGIC_AT = 257,
    MAJOR_AT = 329,
    MINOR_AT = 337,
    PREFIX_AT = 345,
    GNU_SPARSE_AT = 386,
    GNU_EXTENDED_AT = 482,
    GNU_REAL_SIZE_AT = 483,
};

/* What extension headers say of the entry to come. */
struct extensions {
    struct pax pax;
    char *name, *link; /* GNU's */
    unsigned count;
};

static int read_entry(struct tar_reader *reader, struct tar_item *item, struct extensions *extensions,
                      struct err *err);
static int next_header(struct tar_reader *reader, uint8_t *header, struct err *err);
static bool checksum_is_right(const uint8_t *header);
static int read_extension(struct tar_reader *reader, const uint8_t *header, struct extensions *extensions,
                          struct err *err);
static int fill_item(struct tar_reader *reader, const uint8_t *header, struct tar_item *item,
                     struct extensions *extensions, struct err *err);
static int set_sparse(struct tar_reader *reader, const uint8_t *header, struct tar_item *item, struct pax *pax,
                      struct err *err);
static int read_gnu_map(struct tar_reader *reader, const uint8_t *header, struct tar_item *item,
                        struct extent_list *list, struct err *err);
static int read_data_map(struct tar_reader *reader, struct extent_list *list, struct err *err);
static int map_number(struct tar_reader *reader, const uint8_t **block, size_t *at, uint64_t *out, struct err *err);
static char *name_of(const uint8_t *header);
static char *text_field(const uint8_t *field, size_t width);
static int kind_of(uint8_t type, const char *name);
static int skip(struct tar_reader *reader, struct err *err);
static int want(struct tar_reader *reader, size_t size, struct err *err);
static ssize_t read_more(const struct tar_reader *reader, uint8_t *to, size_t size, struct err *err);
static int malformed(struct err *err, const char *name, const char *rule);
static int cut_short(struct err *err);

int tar_reader_begin(struct tar_reader *reader, int fd, bool strict, bool attributes, struct err *err) {
    *reader = (struct tar_reader){
        .fd = fd, .strict = strict, .attributes = attributes, .buffer = malloc(BUFFER_BYTES)};
    return reader->buffer ? 0 : err_set(err, ENOMEM, "no memory to read an archive");
}

void tar_reader_end(struct tar_reader *reader) {
    free(reader->buffer);
    reader->buffer = NULL;
}

int tar_next(struct tar_reader *reader, struct tar_item *item, struct err *err) {
    struct extensions extensions = {.pax.wants_attributes = reader->attributes};
    *item = (struct tar_item){0};
    int found = read_entry(reader, item, &extensions, err);
    pax_free(&extensions.pax);
    free(extensions.name);
    free(extensions.link);
    if (found != 1)
        tar_item_free(item);
    return found;
}

void tar_item_free(struct tar_item *item) {
    free(item->name);
    free(item->link);
    free(item->extents);
    attributes_free(&item->attributes);
    *item = (struct tar_item){0};
}

ssize_t tar_content(struct tar_reader *reader, uint64_t most, const uint8_t **bytes, struct err *err) {
    if (most > reader->left)
        most = reader->left;
    if (most == 0)
        return 0;
    if (reader->start == reader->end && want(reader, 1, err))
        return -1;
    size_t size = reader->end - reader->start;
    if (size > most)
        size = (size_t)most;
    *bytes = reader->buffer + reader->start;
    reader->start += size;
    reader->left -= size;
    return (ssize_t)size;
}

int tar_content_into(struct tar_reader *reader, uint8_t *to, size_t size, struct err *err) {
    while (size) {
        size_t n = reader->end - reader->start;
        if (n > size)
            n = size;
        if (n) {
            memcpy(to, reader->buffer + reader->start, n);
            reader->start += n;
        } else {
            ssize_t fresh = read_more(reader, to, size, err);
            if (fresh < 0)
                return -1;
            n = (size_t)fresh;
        }
        to += n;
        size -= n;
        reader->left -= n;
    }
    return 0;
}

static int read_entry(struct tar_reader *reader, struct tar_item *item, struct extensions *extensions,
                      struct err *err) {
    uint8_t header[TAR_BLOCK];
    for (;;) {
        if (reader->ended)
            return 0;
        if (skip(reader, err))
            return -1;
        int found = next_header(reader, header, err);
        if (found == 0 && extensions->count)
            return malformed(err, "the archive", "its last header speaks of no entry");
        if (found != 1)
            return found;
        if (!memchr("xgLK", header[TYPE_AT], 4))
            return fill_item(reader, header, item, extensions, err) ? -1 : 1;
        if (read_extension(reader, header, extensions, err))
            return -1;
    }
}

/* 1 and a header, 0 at the archive's end, -1. */
static int next_header(struct tar_reader *reader, uint8_t *header, struct err *err) {
    static const uint8_t zeroes[TAR_BLOCK];
    for (int blank = 0; blank < 2; blank++) {
        if (want(reader, TAR_BLOCK, err)) {
            /* Two zero blocks are the end; old writers leave them out. */
            reader->ended = !reader->strict && reader->start == reader->end && err->code == OUTCOME(BL_COPY_TRUNCATED);
            return reader->ended ? 0 : -1;
        }
        memcpy(header, reader->buffer + reader->start, TAR_BLOCK);
        reader->start += TAR_BLOCK;
        if (memcmp(header, zeroes, TAR_BLOCK) == 0)
            continue;
        if (blank)
            return malformed(err, "the archive", "a single zero block stands between entries");
        return checksum_is_right(header) ? 1 : malformed(err, "the archive", "a header's checksum is wrong");
    }
    reader->ended = true;
    return 0;
}

/* Old tars summed signed bytes. */
static bool checksum_is_right(const uint8_t *header) {
    int64_t stored, sum = 0, signed_sum = 0;
    if (!tar_number(header + CHECKSUM_AT, 8, &stored))
        return false;
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        uint8_t byte = i >= CHECKSUM_AT && i < CHECKSUM_AT + 8 ? ' ' : header[i];
        sum += byte;
        signed_sum += (int8_t)byte;
    }
    return stored == sum || stored == signed_sum;
}

static int read_extension(struct tar_reader *reader, const uint8_t *header, struct extensions *extensions,
                          struct err *err) {
    int64_t size;
    if (!tar_number(header + SIZE_AT, 12, &size) || size < 0 || size > MAX_EXTENSION)
        return malformed(err, "the archive", "an extended header is too long");
    if (++extensions->count > MAX_EXTENSIONS)
        return malformed(err, "the archive", "too many extended headers in a row");
    char *bytes = malloc((size_t)size + 1);
    if (!bytes)
        return err_set(err, ENOMEM, "no memory for an extended header");
    reader->left = (uint64_t)size;
    reader->pad = (TAR_BLOCK - reader->left % TAR_BLOCK) % TAR_BLOCK;
    int failed = tar_content_into(reader, (uint8_t *)bytes, (size_t)size, err);
    bytes[size] = 0;
    char type = (char)header[TYPE_AT];
    if (!failed && type == 'x') {
        failed = pax_parse(bytes, (size_t)size, &extensions->pax, err);
    } else if (!failed && (type == 'L' || type == 'K')) {
        char **to = type == 'L' ? &extensions->name : &extensions->link;
        free(*to);
        *to = bytes;
        return 0;
    } else if (type == 'g') {
        extensions->count--; /* of no entry in particular, so it may also be the last thing */
    }
    free(bytes);
    return failed;
}

static int fill_item(struct tar_reader *reader, const uint8_t *header, struct tar_item *item,
                     struct extensions *extensions, struct err *err) {
    struct pax *pax = &extensions->pax;
    char **name = pax->sparse_name ? &pax->sparse_name : pax->path ? &pax->path : &extensions->name;
    char **link = pax->link ? &pax->link : &extensions->link;
    item->name = *name ? *name : name_of(header);
    item->link = *link ? *link : text_field(header + LINK_AT, 100);
    *name = *link = NULL;
    if (!item->name || !item->link)
        return err_set(err, ENOMEM, "no memory for a name");
    int kind = kind_of(header[TYPE_AT], item->name);
    if (kind < 0)
        return malformed(err, item->name, "its type is unknown");
    item->kind = (enum tar_kind)kind;

    int64_t mode, uid, gid, size, mtime, major_number, minor_number;
    if (!tar_number(header + MODE_AT, 8, &mode) || !tar_number(header + UID_AT, 8, &uid) ||
        !tar_number(header + GID_AT, 8, &gid) || !tar_number(header + SIZE_AT, 12, &size) || size < 0 ||
        !tar_number(header + MTIME_AT, 12, &mtime))
        return malformed(err, item->name, "a number of its header is malformed");
    bool device = kind == TAR_CHARACTER || kind == TAR_BLOCK_DEVICE;
    if (!device)
        major_number = minor_number = 0;
    else if (!tar_number(header + MAJOR_AT, 8, &major_number) || !tar_number(header + MINOR_AT, 8, &minor_number))
        return malformed(err, item->name, "its device number is malformed");
    item->major = (uint32_t)major_number;
    item->minor = (uint32_t)minor_number;
    item->mode = (uint32_t)mode & 07777;
    item->uid = (uint32_t)(pax->has_uid ? pax->uid : (uint64_t)uid);
    item->gid = (uint32_t)(pax->has_gid ? pax->gid : (uint64_t)gid);
    item->mtime = pax->has_mtime ? pax->mtime : (struct timespec){.tv_sec = mtime};
    item->attributes = pax->attributes;
    pax->attributes = (struct attributes){0};

    /* Only a file has content, whatever the others say. */
    reader->left = kind != TAR_FILE ? 0 : pax->has_size ? pax->size : (uint64_t)size;
    reader->pad = (TAR_BLOCK - reader->left % TAR_BLOCK) % TAR_BLOCK;
    item->size = reader->left;
    return kind == TAR_FILE ? set_sparse(reader, header, item, pax, err) : 0;
}

static int set_sparse(struct tar_reader *reader, const uint8_t *header, struct tar_item *item, struct pax *pax,
                      struct err *err) {
    struct extent_list list = pax->extents;
    pax->extents = (struct extent_list){0};
    int failed = 0;
    bool sparse = true;
    if (header[TYPE_AT] == 'S') {
        failed = read_gnu_map(reader, header, item, &list, err);
    } else if (pax->sparse && pax->has_real_size) {
        item->size = pax->real_size;
        if (pax->sparse_map_in_data)
            failed = read_data_map(reader, &list, err);
    } else {
        sparse = false;
    }
    if (!failed && sparse && !extent_list_fits(&list, item->size, reader->left))
        failed = malformed(err, item->name, "its sparse map does not fit");
    if (failed || !sparse) {
        free(list.items);
        return failed;
    }
    /* A file that is all hole has no pieces, but is sparse all the same. */
    item->extents = list.items ? list.items : calloc(1, sizeof *item->extents);
    item->extent_count = list.count;
    return item->extents ? 0 : err_set(err, ENOMEM, "no memory for the holes of a file");
}

/* Four pieces in the header, 21 in each block that may follow. */
static int read_gnu_map(struct tar_reader *reader, const uint8_t *header, struct tar_item *item,
                        struct extent_list *list, struct err *err) {
    int64_t size, offset, length;
    uint64_t left = reader->left, pad = reader->pad;
    if (!tar_number(header + GNU_REAL_SIZE_AT, 12, &size) || size < 0)
        return malformed(err, item->name, "its size is malformed");
    item->size = (uint64_t)size;
    const uint8_t *at = header + GNU_SPARSE_AT;
    bool more = header[GNU_EXTENDED_AT];
    for (unsigned pieces = 4;;) {
        for (unsigned i = 0; i < pieces; i++, at += 24) {
            if (at[0] == 0 && at[12] == 0)
                continue;
            if (!tar_number(at, 12, &offset) || !tar_number(at + 12, 12, &length) || offset < 0 || length < 0 ||
                extent_list_add(list, (uint64_t)offset, (uint64_t)length))
                return malformed(err, item->name, "its sparse map is malformed");
        }
        if (!more)
            break;
        if (want(reader, TAR_BLOCK, err))
            return -1;
        at = reader->buffer + reader->start;
        reader->start += TAR_BLOCK;
        more = at[504];
        pieces = 21;
    }
    reader->left = left;
    reader->pad = pad;
    return 0;
}

/* "COUNT\n", then "OFFSET\nSIZE\n" for each, to the end of a block, before the data. */
static int read_data_map(struct tar_reader *reader, struct extent_list *list, struct err *err) {
    const uint8_t *block = NULL;
    size_t at = TAR_BLOCK;
    uint64_t count, offset, size;
    if (map_number(reader, &block, &at, &count, err))
        return -1;
    for (uint64_t i = 0; i < count; i++)
        if (map_number(reader, &block, &at, &offset, err) || map_number(reader, &block, &at, &size, err))
            return -1;
        else if (extent_list_add(list, offset, size))
            return malformed(err, "the archive", "a sparse map is malformed");
    return 0;
}

static int map_number(struct tar_reader *reader, const uint8_t **block, size_t *at, uint64_t *out, struct err *err) {
    char digits[20];
    for (size_t used = 0; used < sizeof digits;) {
        if (*at == TAR_BLOCK) {
            if (reader->left < TAR_BLOCK)
                break;
            if (want(reader, TAR_BLOCK, err))
                return -1;
            *block = reader->buffer + reader->start;
            reader->start += TAR_BLOCK;
            reader->left -= TAR_BLOCK;
            *at = 0;
        }
        char digit = (char)(*block)[(*at)++];
        if (digit == '\n') {
            if (!pax_number(digits, used, out))
                break;
            return 0;
        }
        digits[used++] = digit;
    }
    return malformed(err, "the archive", "a sparse map is malformed");
}

static char *name_of(const uint8_t *header) {
    bool ustar = memcmp(header + MAGIC_AT, "ustar\0", 6) == 0;
    size_t prefix = ustar ? strnlen((const char *)header + PREFIX_AT, 155) : 0;
    size_t length = strnlen((const char *)header + NAME_AT, 100);
    char *name = malloc(prefix + length + 2);
    if (!name)
        return NULL;
    memcpy(name, header + PREFIX_AT, prefix);
    if (prefix)
        name[prefix++] = '/';
    memcpy(name + prefix, header + NAME_AT, length);
    name[prefix + length] = 0;
    return name;
}

static char *text_field(const uint8_t *field, size_t width) { return strndup((const char *)field, width); }

static int kind_of(uint8_t type, const char *name) {
    size_t length = strlen(name);
    switch (type) {
    case 0: /* before there was a type for directories, the slash told */
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

static int skip(struct tar_reader *reader, struct err *err) {
    const uint8_t *bytes;
    while (reader->left) {
        if (tar_content(reader, reader->left, &bytes, err) < 0)
            return -1;
    }
    if (reader->pad && want(reader, (size_t)reader->pad, err))
        return -1;
    reader->start += (size_t)reader->pad;
    reader->pad = 0;
    return 0;
}

/* Has `size` bytes, at most a block, in the buffer in one piece. */
static int want(struct tar_reader *reader, size_t size, struct err *err) {
    while (reader->end - reader->start < size) {
        if (BUFFER_BYTES - reader->start < TAR_BLOCK || reader->start == reader->end) {
            memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
            reader->end -= reader->start;
            reader->start = 0;
        }
        ssize_t n = read_more(reader, reader->buffer + reader->end, BUFFER_BYTES - reader->end, err);
        if (n < 0)
            return -1;
        reader->end += (size_t)n;
    }
    return 0;
}

/* At least one byte, or -1. */
static ssize_t read_more(const struct tar_reader *reader, uint8_t *to, size_t size, struct err *err) {
    for (;;) {
        if (stop_await(reader->fd))
            return stop_told() ? err_set(err, EINTR, "it was told to stop") : err_errno(err, "can't wait for the archive");
        ssize_t n = read(reader->fd, to, size);
        if (n == 0)
            return cut_short(err);
        if (n > 0 || errno != EINTR)
            return n > 0 ? n : err_errno(err, "can't read the archive");
    }
}

static int malformed(struct err *err, const char *name, const char *rule) {
    return err_set(err, OUTCOME(BL_COPY_MALFORMED), "%s: %s", shown(name), rule);
}

static int cut_short(struct err *err) {
    return err_set(err, OUTCOME(BL_COPY_TRUNCATED), "the archive ends in the middle");
}
