#include "pack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../outcome/outcome.h"
#include "../outcome/shown.h"
#include "../path/within.h"
#include "../tar/attributes.h"
#include "../tar/tar-entry.h"
#include "directory-names.h"
#include "file-content.h"
#include "generated.h"
#include "holes.h"
#include "seen-inodes.h"

struct archive {
    FILE *out;
    const struct pack_options *options;
    struct totals *totals;
    struct seen_inodes seen;
    char *name; /* of the entry at hand, relative to the root */
    size_t name_size;
};

/* The directories that are being read, innermost first. */
struct above {
    const struct above *next;
    dev_t device;
    ino_t inode;
    unsigned depth; /* of it, the source's own being 1 */
};

static int add_source(struct archive *archive, const char *source, struct err *err);
static int refuse_source(const struct stat *st, const char *source, const struct pack_options *options,
                         struct err *err);
static int add_directory(struct archive *archive, int directory, size_t prefix, const struct above *above,
                         struct err *err);
static int add_entry(struct archive *archive, int directory, size_t prefix, const char *base, bool follow,
                     const struct above *above, struct err *err);
static int open_entry(int directory, const char *base, int flags);
static int add_special(struct archive *archive, int directory, const char *base, const struct stat *st,
                       struct err *err);
static int add_hard_link(struct archive *archive, int directory, const char *base, const struct stat *st,
                         struct err *err);
static int add_file(struct archive *archive, int directory, const char *base, int file, struct stat *st,
                    struct err *err);
static void warn_shorter(const struct archive *archive);
static int add_generated(struct archive *archive, int directory, const char *base, int file, struct stat *st,
                         struct err *err);
static int write_entry(struct archive *archive, int directory, const char *base, struct tar_entry *entry,
                       struct err *err);
static bool is_loop(const struct above *above, const struct stat *st);
static int set_name(struct archive *archive, size_t prefix, const char *base, struct err *err);
static char *read_link(int directory, const char *base);

int pack_tree(FILE *out, int root, const struct pack_options *options, struct totals *totals, struct err *err) {
    struct archive archive = {.out = out, .options = options, .totals = totals};
    int failed = add_directory(&archive, root, 0, NULL, err);
    free(archive.name);
    seen_inodes_free(&archive.seen);
    return failed ? -1 : tar_end(out, err);
}

int pack_path(FILE *out, const char *source, const struct pack_options *options, struct totals *totals,
              struct err *err) {
    struct archive archive = {.out = out, .options = options, .totals = totals};
    int failed = add_source(&archive, source, err);
    free(archive.name);
    seen_inodes_free(&archive.seen);
    return failed ? -1 : tar_end(out, err);
}

static int add_source(struct archive *archive, const char *source, struct err *err) {
    char path[PATH_MAX];
    size_t length = strlen(source);
    if (length == 0 || length >= sizeof path)
        return err_set(err, OUTCOME(BL_COPY_NO_SOURCE), "%s", shown(source));
    memcpy(path, source, length + 1);
    bool slash = false;
    while (length > 1 && path[length - 1] == '/') {
        path[--length] = 0;
        slash = true;
    }
    char *last = strrchr(path, '/');
    const char *base = last ? last + 1 : path;
    bool contents = strcmp(base, ".") == 0 || strcmp(path, "/") == 0;

    struct stat st;
    const char *within = archive->options->within;
    bool follow = !within && (slash || archive->options->follow_source || archive->options->follow_all);
    if (within_stat(within, path, follow || contents, &st))
        return errno == ENOENT ? err_set(err, OUTCOME(BL_COPY_NO_SOURCE), "%s", shown(source))
                               : err_errno(err, "can't look at %s", shown(source));
    if ((slash || contents) && !S_ISDIR(st.st_mode))
        return err_set(err, OUTCOME(BL_COPY_NOT_DIRECTORY), "%s", shown(source));
    if (refuse_source(&st, source, archive->options, err))
        return -1;
    if (contents) {
        cleanup_fd int directory = within_open(within, path, O_RDONLY | O_DIRECTORY);
        if (directory < 0)
            return err_errno(err, "can't open %s", shown(source));
        return add_entry(archive, directory, 0, ".", false, NULL, err);
    }
    const char *parent = last == path ? "/" : last ? path : ".";
    if (last)
        *last = 0;
    cleanup_fd int directory = within_open(within, parent, O_PATH | O_DIRECTORY);
    if (directory < 0)
        return err_errno(err, "can't open %s", shown(parent));
    return add_entry(archive, directory, 0, base, follow, NULL, err);
}

static int refuse_source(const struct stat *st, const char *source, const struct pack_options *options,
                         struct err *err) {
    if (S_ISDIR(st->st_mode) && !options->directories)
        return err_set(err, OUTCOME(BL_COPY_NOT_RECURSIVE), "%s", shown(source));
    if (S_ISSOCK(st->st_mode))
        return err_set(err, OUTCOME(BL_COPY_UNSUPPORTED), "%s is a socket", shown(source));
    return 0;
}

/* prefix: bytes of the directory's own name, and its slash, in archive->name. */
static int add_directory(struct archive *archive, int directory, size_t prefix, const struct above *above,
                         struct err *err) {
    struct directory_names names = {0};
    int failed = directory_names_read(directory, &names, err);
    for (size_t i = 0; !failed && i < names.count; i++)
        failed = add_entry(archive, directory, prefix, names.names[i], archive->options->follow_all, above, err);
    directory_names_free(&names);
    return failed;
}

static int add_entry(struct archive *archive, int directory, size_t prefix, const char *base, bool follow,
                     const struct above *above, struct err *err) {
    struct stat st;
    if (set_name(archive, prefix, base, err))
        return -1;
    if (archive->options->unwanted && archive->options->unwanted(archive->name))
        return 0;
    if (fstatat(directory, base, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW)) {
        if (errno == ENOENT && !follow)
            return 0;
        return err_errno(err, "can't look at %s", shown(archive->name));
    }
    if (S_ISSOCK(st.st_mode))
        return 0;
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return add_special(archive, directory, base, &st, err);

    /* It may have changed since it was looked at: what is opened is what is archived. */
    int kind = (S_ISDIR(st.st_mode) ? O_DIRECTORY : O_NONBLOCK) | (follow ? 0 : O_NOFOLLOW);
    cleanup_fd int file = open_entry(directory, base, kind);
    if (file < 0 || fstat(file, &st))
        return errno == ENOENT || errno == ELOOP || errno == ENOTDIR
                   ? 0
                   : err_errno(err, "can't open %s", shown(archive->name));
    if (S_ISREG(st.st_mode)) {
        int linked = add_hard_link(archive, directory, base, &st, err);
        if (linked)
            return linked < 0 ? -1 : 0;
        return add_file(archive, directory, base, file, &st, err);
    }
    if (!S_ISDIR(st.st_mode))
        return 0;
    if (follow && is_loop(above, &st))
        return err_set(err, ELOOP, "%s is a link to a directory that it is in", shown(archive->name));
    struct above here = {above, st.st_dev, st.st_ino, above ? above->depth + 1 : 1};
    if (here.depth > PACK_MOST_DEPTH)
        return err_set(err, OUTCOME(BL_COPY_UNSUPPORTED), "%s: it is more than %d directories deep",
                       shown(archive->name), PACK_MOST_DEPTH);
    size_t length = strlen(archive->name);
    struct tar_entry entry = {.name = archive->name, .link = "", .stat = &st};
    if (write_entry(archive, directory, base, &entry, err) || set_name(archive, length, "/", err))
        return -1;
    return add_directory(archive, file, length + 1, &here, err);
}

/* O_NOATIME is the owner's right only. */
static int open_entry(int directory, const char *base, int flags) {
    int file = openat(directory, base, O_RDONLY | O_NOATIME | O_CLOEXEC | flags);
    return file < 0 && errno == EPERM ? openat(directory, base, O_RDONLY | O_CLOEXEC | flags) : file;
}

/* What has no content of its own: links, devices, FIFOs. */
static int add_special(struct archive *archive, int directory, const char *base, const struct stat *st,
                       struct err *err) {
    int linked = add_hard_link(archive, directory, base, st, err);
    if (linked)
        return linked < 0 ? -1 : 0;
    struct tar_entry entry = {.name = archive->name, .link = "", .stat = st};
    if (!S_ISLNK(st->st_mode))
        return write_entry(archive, directory, base, &entry, err);
    cleanup_free char *target = read_link(directory, base);
    entry.link = target;
    return target ? write_entry(archive, directory, base, &entry, err) : 0;
}

/* 1 when the file is in the archive by another name already, and so by this one now; 0 when it is not. */
static int add_hard_link(struct archive *archive, int directory, const char *base, const struct stat *st,
                         struct err *err) {
    if (st->st_nlink < 2)
        return 0;
    const char *first = seen_inodes_find(&archive->seen, st);
    if (first) {
        struct tar_entry entry = {.name = archive->name, .link = first, .hard_link = true, .stat = st};
        return write_entry(archive, directory, base, &entry, err) ? -1 : 1;
    }
    if (seen_inodes_add(&archive->seen, st, archive->name))
        return err_set(err, ENOMEM, "no memory for the links of %s", shown(archive->name));
    return 0;
}

static int add_file(struct archive *archive, int directory, const char *base, int file, struct stat *st,
                    struct err *err) {
    if (is_generated(file, st))
        return add_generated(archive, directory, base, file, st, err);
    struct tar_extent *extents = NULL;
    size_t count = 0;
    if (archive->options->sparse && holes_find(file, st, &extents, &count))
        return err_errno(err, "can't find the holes of %s", shown(archive->name));
    cleanup_free void *owned = extents;
    struct tar_entry entry = {.name = archive->name, .link = "", .stat = st, .extents = extents, .extent_count = count};
    if (write_entry(archive, directory, base, &entry, err))
        return -1;
    const struct tar_extent whole = {0, (uint64_t)st->st_size};
    bool shorter = false;
    for (size_t i = 0; i < (extents ? count : 1); i++)
        if (file_content_copy(archive->out, file, extents ? &extents[i] : &whole, archive->name, &shorter, err))
            return -1;
    if (shorter)
        warn_shorter(archive);
    archive->totals->bytes += (uint64_t)st->st_size;
    return tar_pad(archive->out, tar_stored_size(&entry), err);
}

static void warn_shorter(const struct archive *archive) {
    char text[256];
    if (!archive->options->warn)
        return;
    snprintf(text, sizeof text, "%s became shorter while it was read", shown(archive->name));
    archive->options->warn(text);
}

/* Its size is known only once it has been read. */
static int add_generated(struct archive *archive, int directory, const char *base, int file, struct stat *st,
                         struct err *err) {
    size_t size;
    cleanup_free char *bytes = generated_read(file, &size);
    if (!bytes)
        return err_errno(err, "can't read %s", shown(archive->name));
    st->st_size = (off_t)size;
    struct tar_entry entry = {.name = archive->name, .link = "", .stat = st};
    if (write_entry(archive, directory, base, &entry, err))
        return -1;
    if (size && fwrite(bytes, 1, size, archive->out) != size)
        return err_errno(err, "can't write the archive");
    archive->totals->bytes += size;
    return tar_pad(archive->out, size, err);
}

static int write_entry(struct archive *archive, int directory, const char *base, struct tar_entry *entry,
                       struct err *err) {
    struct attributes attributes = {0};
    struct stat as_root = *entry->stat;
    if (archive->options->as_root) {
        as_root.st_uid = as_root.st_gid = 0;
        entry->stat = &as_root;
    }
    if (!entry->hard_link && archive->options->attributes && attributes_read(directory, base, &attributes, err))
        return -1;
    entry->attributes = attributes.items;
    entry->attribute_count = attributes.count;
    archive->totals->entries++;
    int failed = tar_write_entry(archive->out, entry, err);
    attributes_free(&attributes);
    return failed;
}

static bool is_loop(const struct above *above, const struct stat *st) {
    for (; above; above = above->next)
        if (above->device == st->st_dev && above->inode == st->st_ino)
            return true;
    return false;
}

static int set_name(struct archive *archive, size_t prefix, const char *base, struct err *err) {
    size_t wanted = prefix + strlen(base) + 1;
    if (wanted > archive->name_size) {
        char *grown = realloc(archive->name, wanted * 2);
        if (!grown)
            return err_set(err, ENOMEM, "no memory for a name");
        archive->name = grown;
        archive->name_size = wanted * 2;
    }
    memcpy(archive->name + prefix, base, strlen(base) + 1);
    return 0;
}

static char *read_link(int directory, const char *base) {
    static char target[8192];
    ssize_t size = readlinkat(directory, base, target, sizeof target - 1);
    if (size < 0)
        return NULL;
    target[size] = 0;
    return strdup(target);
}
