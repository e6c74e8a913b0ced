#include "tar-entry.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "../../common/cleanup.h"

enum { NAME_BYTES = 100, MAX_OCTAL_ID = 07777777 };
#define MAX_OCTAL_SIZE UINT64_C(077777777777)

struct header {
    char name[NAME_BYTES], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[NAME_BYTES];
    char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], padding[12];
};
_Static_assert(sizeof(struct header) == TAR_BLOCK, "a header is a block");

/* The records of an extended header, in memory: their size comes before them. */
struct records {
    char *bytes;
    size_t used, size;
    bool failed;
};

static void collect(struct records *records, const struct tar_entry *entry, const char *name, uint64_t size);
static void add(struct records *records, const char *key, const char *suffix, const void *value, size_t size);
static void append(struct records *records, const void *bytes, size_t size);
static void write_map(struct records *map, const struct tar_entry *entry);
static void fill(struct header *header, const struct tar_entry *entry, const char *name, uint64_t size);
static char type_of(const struct tar_entry *entry);
static void octal(char *field, size_t width, uint64_t value);
static int put_header(FILE *out, struct header *header, struct err *err);
static int put(FILE *out, const void *bytes, size_t size, struct err *err);

int tar_write_entry(FILE *out, const struct tar_entry *entry, struct err *err) {
    size_t length = strlen(entry->name);
    cleanup_free char *name = malloc(length + 2);
    if (!name)
        return err_set(err, ENOMEM, "no memory for a name");
    memcpy(name, entry->name, length + 1);
    if (S_ISDIR(entry->stat->st_mode))
        memcpy(name + length, "/", 2);

    struct records map = {0};
    write_map(&map, entry);
    cleanup_free char *map_bytes = map.bytes;
    uint64_t size = tar_stored_size(entry) + map.used;
    struct records records = {0};
    collect(&records, entry, name, size);
    cleanup_free char *bytes = records.bytes;
    if (records.failed || map.failed)
        return err_set(err, ENOMEM, "no memory for the attributes of %.150s", entry->name);
    if (records.used) {
        struct header extended = {0};
        memcpy(extended.name, "PaxHeader", sizeof "PaxHeader");
        octal(extended.mode, sizeof extended.mode, 0644);
        octal(extended.uid, sizeof extended.uid, 0);
        octal(extended.gid, sizeof extended.gid, 0);
        octal(extended.size, sizeof extended.size, records.used);
        octal(extended.mtime, sizeof extended.mtime, 0);
        extended.type = 'x';
        if (put_header(out, &extended, err) || put(out, bytes, records.used, err) || tar_pad(out, records.used, err))
            return -1;
    }
    struct header header = {0};
    fill(&header, entry, name, size);
    return put_header(out, &header, err) || put(out, map_bytes, map.used, err) ? -1 : 0;
}

uint64_t tar_stored_size(const struct tar_entry *entry) {
    if (!S_ISREG(entry->stat->st_mode) || entry->hard_link)
        return 0;
    if (!entry->extents)
        return (uint64_t)entry->stat->st_size;
    uint64_t size = 0;
    for (size_t i = 0; i < entry->extent_count; i++)
        size += entry->extents[i].size;
    return size;
}

int tar_pad(FILE *out, uint64_t size, struct err *err) {
    static const char zeroes[TAR_BLOCK];
    size_t over = (size_t)(size % TAR_BLOCK);
    return over ? put(out, zeroes, TAR_BLOCK - over, err) : 0;
}

int tar_end(FILE *out, struct err *err) {
    static const char zeroes[2 * TAR_BLOCK];
    if (put(out, zeroes, sizeof zeroes, err))
        return -1;
    return fflush(out) ? err_errno(err, "can't write the archive") : 0;
}

/* What a ustar header has no room for, or would cut to seconds. */
static void collect(struct records *records, const struct tar_entry *entry, const char *name, uint64_t size) {
    const struct stat *st = entry->stat;
    char text[64];
    if (strlen(name) > NAME_BYTES)
        add(records, "path", "", name, strlen(name));
    if (strlen(entry->link) > NAME_BYTES)
        add(records, "linkpath", "", entry->link, strlen(entry->link));
    if (size > MAX_OCTAL_SIZE)
        add(records, "size", "", text, (size_t)sprintf(text, "%llu", (unsigned long long)size));
    if (entry->extents) {
        add(records, "GNU.sparse.major", "", "1", 1);
        add(records, "GNU.sparse.minor", "", "0", 1);
        add(records, "GNU.sparse.name", "", name, strlen(name));
        add(records, "GNU.sparse.realsize", "", text, (size_t)sprintf(text, "%lld", (long long)st->st_size));
    }
    if (st->st_uid > MAX_OCTAL_ID)
        add(records, "uid", "", text, (size_t)sprintf(text, "%u", st->st_uid));
    if (st->st_gid > MAX_OCTAL_ID)
        add(records, "gid", "", text, (size_t)sprintf(text, "%u", st->st_gid));
    long long seconds = st->st_mtim.tv_sec;
    long nanoseconds = st->st_mtim.tv_nsec;
    if (nanoseconds || seconds < 0 || (uint64_t)seconds > MAX_OCTAL_SIZE) {
        /* A time before 1970 is written as the decimal number it is: -1.5 is a half after -2. */
        bool negative = seconds < 0;
        if (negative && nanoseconds) {
            seconds++;
            nanoseconds = 1000000000 - nanoseconds;
        }
        int n = sprintf(text, "%s%lld.%09ld", negative ? "-" : "", negative ? -seconds : seconds, nanoseconds);
        add(records, "mtime", "", text, (size_t)n);
    }
    for (size_t i = 0; i < entry->attribute_count; i++)
        add(records, "SCHILY.xattr.", entry->attributes[i].name, entry->attributes[i].value, entry->attributes[i].size);
}

/* "LENGTH key=value\n", where LENGTH counts itself. */
static void add(struct records *records, const char *key, const char *suffix, const void *value, size_t size) {
    size_t rest = strlen(" =\n") + strlen(key) + strlen(suffix) + size, length = rest + 1;
    char digits[24];
    while (rest + (size_t)sprintf(digits, "%zu", length) != length)
        length = rest + (size_t)sprintf(digits, "%zu", length);
    append(records, digits, strlen(digits));
    append(records, " ", 1);
    append(records, key, strlen(key));
    append(records, suffix, strlen(suffix));
    append(records, "=", 1);
    append(records, value, size);
    append(records, "\n", 1);
}

static void append(struct records *records, const void *bytes, size_t size) {
    if (records->size - records->used < size) {
        size_t wanted = (records->used + size) * 2;
        char *grown = records->failed ? NULL : realloc(records->bytes, wanted);
        if (!grown) {
            records->failed = true;
            return;
        }
        records->bytes = grown;
        records->size = wanted;
    }
    if (size)
        memcpy(records->bytes + records->used, bytes, size);
    records->used += size;
}

/* "COUNT\n", then "OFFSET\nSIZE\n" for each extent, to the end of a block. */
static void write_map(struct records *map, const struct tar_entry *entry) {
    static const char zeroes[TAR_BLOCK];
    char text[64];
    if (!entry->extents)
        return;
    append(map, text, (size_t)sprintf(text, "%zu\n", entry->extent_count));
    for (size_t i = 0; i < entry->extent_count; i++)
        append(map, text,
               (size_t)sprintf(text, "%llu\n%llu\n", (unsigned long long)entry->extents[i].offset,
                               (unsigned long long)entry->extents[i].size));
    append(map, zeroes, (TAR_BLOCK - map->used % TAR_BLOCK) % TAR_BLOCK);
}

static void fill(struct header *header, const struct tar_entry *entry, const char *name, uint64_t size) {
    const struct stat *st = entry->stat;
    memcpy(header->name, name, strnlen(name, NAME_BYTES));
    memcpy(header->link, entry->link, strnlen(entry->link, NAME_BYTES));
    header->type = type_of(entry);
    octal(header->mode, sizeof header->mode, st->st_mode & 07777);
    octal(header->uid, sizeof header->uid, st->st_uid > MAX_OCTAL_ID ? 0 : st->st_uid);
    octal(header->gid, sizeof header->gid, st->st_gid > MAX_OCTAL_ID ? 0 : st->st_gid);
    octal(header->size, sizeof header->size, size > MAX_OCTAL_SIZE ? 0 : size);
    bool fits = st->st_mtim.tv_sec >= 0 && (uint64_t)st->st_mtim.tv_sec <= MAX_OCTAL_SIZE;
    octal(header->mtime, sizeof header->mtime, fits ? (uint64_t)st->st_mtim.tv_sec : 0);
    bool device = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
    octal(header->major, sizeof header->major, device ? major(st->st_rdev) : 0);
    octal(header->minor, sizeof header->minor, device ? minor(st->st_rdev) : 0);
}

static char type_of(const struct tar_entry *entry) {
    if (entry->hard_link)
        return '1';
    switch (entry->stat->st_mode & S_IFMT) {
    case S_IFLNK:
        return '2';
    case S_IFCHR:
        return '3';
    case S_IFBLK:
        return '4';
    case S_IFDIR:
        return '5';
    case S_IFIFO:
        return '6';
    default:
        return '0';
    }
}

/* Zero-filled octal digits and a NUL. */
static void octal(char *field, size_t width, uint64_t value) {
    field[width - 1] = 0;
    for (size_t i = width - 1; i-- > 0; value >>= 3)
        field[i] = (char)('0' + (value & 7));
}

static int put_header(FILE *out, struct header *header, struct err *err) {
    memcpy(header->magic, "ustar", 6);
    memcpy(header->version, "00", 2);
    memset(header->checksum, ' ', sizeof header->checksum);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof *header; i++)
        sum += ((const unsigned char *)header)[i];
    octal(header->checksum, sizeof header->checksum - 1, sum);
    return put(out, header, sizeof *header, err);
}

static int put(FILE *out, const void *bytes, size_t size, struct err *err) {
    if (size && fwrite(bytes, 1, size, out) != size)
        return err_errno(err, "can't write the archive");
    return 0;
}
