#include "changes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../../archive/pack/pack.h"
#include "../../archive/tar/tar-entry.h"
#include "../../common/cleanup.h"
#include "../system/root.h"

#define UPPER ROOT_DISK "/upper"
#define REDIRECT "trusted.overlay.redirect"
#define OPAQUE "trusted.overlay.opaque"

struct walk {
    FILE *out;
    bool lists; /* changes; otherwise it writes a layer's markers */
    char *name; /* of the entry at hand, relative to the root */
    size_t size;
    unsigned depth; /* of the directory at hand */
};

static int walk_all(struct walk *walk, struct err *err);
static int walk_upper(struct walk *walk, int upper, int image, size_t prefix, struct err *err);
static int walk_entry(struct walk *walk, int upper, int image, size_t prefix, const char *base, struct err *err);
static int walk_moved(struct walk *walk, int directory, int image, size_t prefix, struct err *err);
static int go_deeper(struct walk *walk, struct err *err);
static int list_missing(struct walk *walk, int image, int present, size_t prefix, struct err *err);
static int say(struct walk *walk, char what, struct err *err);
static int mark(struct walk *walk, size_t prefix, const char *marker, const char *base, struct err *err);
static int set_name(struct walk *walk, size_t prefix, const char *text, struct err *err);
static bool unchanged(const char *name);
static bool is_whiteout(const struct stat *st);
static bool is_opaque(int directory);
static bool exists(int directory, const char *base);
static int open_below(int directory, const char *base);
static int names_of(int directory, struct dirent ***names, struct err *err);
static void free_names(struct dirent **names, int count);
static int only_names(const struct dirent *entry);
static int by_bytes(const struct dirent **a, const struct dirent **b);

int changes_list(FILE *out, struct err *err) {
    struct walk walk = {.out = out, .lists = true};
    if (walk_all(&walk, err))
        return -1;
    return fflush(out) ? err_errno(err, "can't write the changes") : 0;
}

int changes_layer(FILE *out, struct err *err) {
    struct walk walk = {.out = out};
    cleanup_fd int root = open(ROOT_OVERLAY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return err_errno(err, "can't open the box's file system");
    /* The markers hide what is below this layer, wherever they stand in it. */
    const struct pack_options options = {.unwanted = unchanged, .attributes = true};
    struct totals totals = {0};
    return walk_all(&walk, err) ? -1 : pack_tree(out, root, &options, &totals, err);
}

static int walk_all(struct walk *walk, struct err *err) {
    cleanup_fd int upper = open(UPPER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int image = open(ROOT_IMAGE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (upper < 0 || image < 0)
        return err_errno(err, "can't open the box's layers");
    int failed = walk_upper(walk, upper, image, 0, err);
    free(walk->name);
    return failed;
}

/* image: the same directory of the image, or -1; prefix: bytes of the directory's name and its slash. */
static int walk_upper(struct walk *walk, int upper, int image, size_t prefix, struct err *err) {
    struct dirent **names;
    int failed = 0, count = names_of(upper, &names, err);
    for (int i = 0; !failed && i < count; i++)
        failed = walk_entry(walk, upper, image, prefix, names[i]->d_name, err);
    free_names(names, count);
    return count < 0 ? -1 : failed;
}

static int walk_entry(struct walk *walk, int upper, int image, size_t prefix, const char *base, struct err *err) {
    struct stat st;
    if (set_name(walk, prefix, base, err))
        return -1;
    if (fstatat(upper, base, &st, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? 0 : err_errno(err, "can't look at %.150s", walk->name);
    bool in_image = exists(image, base);
    if (is_whiteout(&st)) {
        if (!in_image)
            return 0;
        return walk->lists ? say(walk, 'D', err) : mark(walk, prefix, ".wh.", base, err);
    }
    if (walk->lists && say(walk, in_image ? 'C' : 'A', err))
        return -1;
    if (!S_ISDIR(st.st_mode))
        return 0;
    cleanup_fd int child = open_below(upper, base);
    if (child < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, "can't open %.150s", walk->name);
    cleanup_fd int below = open_below(image, base); /* -1 also when the image has another kind of file there */
    size_t length = strlen(walk->name);
    bool moved = fgetxattr(child, REDIRECT, NULL, 0) >= 0;
    if (set_name(walk, length, "/", err))
        return -1;
    if (!walk->lists && below >= 0 && (moved || is_opaque(child)) && mark(walk, length + 1, ".wh..wh..opq", "", err))
        return -1;
    if (moved) {
        /* A moved directory: its content is the image's from elsewhere, so only the joined file system shows it. */
        static char path[PATH_MAX]; /* not on the stack, which has all directories above on it */
        walk->name[length] = 0;
        bool fits = (size_t)snprintf(path, sizeof path, ROOT_OVERLAY "/%s", walk->name) < sizeof path;
        cleanup_fd int joined = fits && walk->lists ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        if (!walk->lists || joined < 0)
            return 0;
        walk->name[length] = '/';
        return walk_moved(walk, joined, below, length + 1, err);
    }
    if (walk->lists && is_opaque(child) && list_missing(walk, below, child, length + 1, err))
        return -1;
    int failed = go_deeper(walk, err) || walk_upper(walk, child, below, length + 1, err);
    walk->depth--;
    return failed ? -1 : 0;
}

/* All that is in a directory that the box has moved here from elsewhere. */
static int walk_moved(struct walk *walk, int directory, int image, size_t prefix, struct err *err) {
    struct dirent **names;
    if (list_missing(walk, image, directory, prefix, err))
        return -1;
    int failed = 0, count = names_of(directory, &names, err);
    for (int i = 0; !failed && i < count; i++) {
        const char *base = names[i]->d_name;
        failed = set_name(walk, prefix, base, err) || say(walk, exists(image, base) ? 'C' : 'A', err);
        cleanup_fd int child = failed ? -1 : open_below(directory, base);
        if (child < 0)
            continue;
        cleanup_fd int below = open_below(image, base);
        size_t length = strlen(walk->name);
        failed = set_name(walk, length, "/", err) || go_deeper(walk, err) ||
                 walk_moved(walk, child, below, length + 1, err);
        walk->depth--;
    }
    free_names(names, count);
    return count < 0 || failed ? -1 : 0;
}

/* Each directory takes a part of the stack. */
static int go_deeper(struct walk *walk, struct err *err) {
    if (walk->depth++ < PACK_MOST_DEPTH)
        return 0;
    return err_set(err, E2BIG, "%.150s...: it is more than %d directories deep", walk->name, PACK_MOST_DEPTH);
}

/* What the image has in a directory that is hidden, and that the box has not created again. */
static int list_missing(struct walk *walk, int image, int present, size_t prefix, struct err *err) {
    if (image < 0)
        return 0;
    struct dirent **names;
    int failed = 0, count = names_of(image, &names, err);
    for (int i = 0; !failed && i < count; i++)
        if (!exists(present, names[i]->d_name))
            failed = set_name(walk, prefix, names[i]->d_name, err) || say(walk, 'D', err);
    free_names(names, count);
    return count < 0 || failed ? -1 : 0;
}

static int say(struct walk *walk, char what, struct err *err) {
    if (fprintf(walk->out, "%c/%s", what, walk->name) < 0 || fputc(0, walk->out) == EOF)
        return err_errno(err, "can't write the changes");
    return 0;
}

static int mark(struct walk *walk, size_t prefix, const char *marker, const char *base, struct err *err) {
    if (set_name(walk, prefix, marker, err) || set_name(walk, prefix + strlen(marker), base, err))
        return -1;
    const struct stat empty = {.st_mode = S_IFREG | 0644};
    return tar_write_entry(walk->out, &(struct tar_entry){.name = walk->name, .link = "", .stat = &empty}, err);
}

static int set_name(struct walk *walk, size_t prefix, const char *text, struct err *err) {
    size_t wanted = prefix + strlen(text) + 1;
    if (wanted > walk->size) {
        char *grown = realloc(walk->name, wanted * 2);
        if (!grown)
            return err_set(err, ENOMEM, "no memory for a name");
        walk->name = grown;
        walk->size = wanted * 2;
    }
    memcpy(walk->name + prefix, text, strlen(text) + 1);
    return 0;
}

/* What the upper layer lacks is the image's own, except in a moved directory. The tree is walked depth first, so the
 * moved directory at hand is the last that was met. */
static bool unchanged(const char *name) {
    static char *moved;
    char path[PATH_MAX];
    struct stat st;
    size_t length = moved ? strlen(moved) : 0;
    if (moved && strncmp(name, moved, length) == 0 && name[length] == '/')
        return false;
    /* What can't be looked up by its name is reported once more rather than left out. */
    if ((size_t)snprintf(path, sizeof path, UPPER "/%s", name) >= sizeof path)
        return false;
    if (lstat(path, &st))
        return errno == ENOENT || errno == ENOTDIR;
    if (S_ISDIR(st.st_mode) && lgetxattr(path, REDIRECT, NULL, 0) >= 0) {
        free(moved);
        moved = strdup(name);
    }
    return false;
}

static bool is_whiteout(const struct stat *st) { return S_ISCHR(st->st_mode) && st->st_rdev == 0; }

static bool is_opaque(int directory) {
    char value = 0;
    return fgetxattr(directory, OPAQUE, &value, 1) == 1 && value == 'y';
}

static bool exists(int directory, const char *base) {
    struct stat st;
    return directory >= 0 && fstatat(directory, base, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_below(int directory, const char *base) {
    if (directory < 0)
        return -1;
    return openat(directory, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int names_of(int directory, struct dirent ***names, struct err *err) {
    char path[32];
    *names = NULL;
    snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
    int count = scandir(path, names, only_names, by_bytes);
    return count < 0 ? err_errno(err, "can't read a directory") : count;
}

static void free_names(struct dirent **names, int count) {
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static int only_names(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Not alphasort, which follows the locale: the order is that of the bytes. */
static int by_bytes(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }
