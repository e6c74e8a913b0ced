#include "copy-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../outcome/shown.h"
#include "../pack/directory-names.h"
#include "../pack/seen-inodes.h"
#include "../tar/attributes.h"
#include "../unpack/content/write-all.h"

enum { PIECE_BYTES = 262144 };

struct copying {
    int top; /* where the copy begins, for hard links */
    bool shared;
    struct seen_inodes seen;
    char *name; /* of the entry at hand, relative to the top */
    size_t name_size;
};

/* prefix: bytes of the directory's own name, and its slash, in the name of an entry */
struct level {
    unsigned depth;
    size_t prefix;
};

/* One entry: in the directory `from`, to be made in the directory `to`. */
struct entry {
    int from, to;
    const char *base;
    struct stat st;
};

static int copy_below(struct copying *c, int from, int to, struct level at, struct err *err);
static int copy_entry(struct copying *c, struct entry *entry, struct level at, struct err *err);
static int copy_directory(struct copying *c, const struct entry *entry, struct level at, struct err *err);
static int copy_hard_link(struct copying *c, const struct entry *entry, struct err *err);
static int copy_file(struct copying *c, const struct entry *entry, struct err *err);
static int copy_content(const struct entry *entry, int from, int to, struct err *err);
static int copy_piece(int from, int to, uint64_t at, uint64_t end);
static int copy_link(struct copying *c, const struct entry *entry, struct err *err);
static int copy_node(struct copying *c, const struct entry *entry, struct err *err);
static int give_attributes(const struct entry *entry, int made, bool shared, struct err *err);
static int give_owner(const struct entry *entry, int made, bool shared);
static int give_mode(const struct entry *entry, int made, bool shared);
static int open_beneath(int directory, const char *base, int flags);
static int set_name(struct copying *c, size_t prefix, const char *base, struct err *err);
static int fail(const struct entry *entry, struct err *err);

int copy_tree(int from, int to, bool shared, struct err *err) {
    struct copying c = {.top = to, .shared = shared};
    int failed = copy_below(&c, from, to, (struct level){0}, err);
    free(c.name);
    seen_inodes_free(&c.seen);
    return failed;
}

int copy_attributes(int from, int to, bool shared, struct err *err) {
    struct entry self = {.from = from, .to = to, .base = "."};
    return fstat(from, &self.st) ? fail(&self, err) : give_attributes(&self, to, shared, err);
}

static int copy_below(struct copying *c, int from, int to, struct level at, struct err *err) {
    struct directory_names names = {0};
    if (at.depth == COPY_MOST_DEPTH)
        return err_set(err, ELOOP, "the directory is more than %d directories deep", COPY_MOST_DEPTH);
    int failed = directory_names_read(from, &names, err);
    for (size_t i = 0; !failed && i < names.count; i++) {
        struct entry entry = {.from = from, .to = to, .base = names.names[i]};
        failed = set_name(c, at.prefix, entry.base, err) || copy_entry(c, &entry, at, err) ? -1 : 0;
    }
    directory_names_free(&names);
    return failed;
}

static int copy_entry(struct copying *c, struct entry *entry, struct level at, struct err *err) {
    if (fstatat(entry->from, entry->base, &entry->st, AT_SYMLINK_NOFOLLOW))
        return fail(entry, err);
    if (S_ISSOCK(entry->st.st_mode))
        return 0;
    if (S_ISDIR(entry->st.st_mode))
        return copy_directory(c, entry, at, err);
    if (entry->st.st_nlink > 1) {
        int linked = copy_hard_link(c, entry, err);
        if (linked)
            return linked < 0 ? -1 : 0;
    }
    if (S_ISREG(entry->st.st_mode))
        return copy_file(c, entry, err);
    return S_ISLNK(entry->st.st_mode) ? copy_link(c, entry, err) : copy_node(c, entry, err);
}

/* Its attributes come last: it may be read-only, and each new entry changes its time. */
static int copy_directory(struct copying *c, const struct entry *entry, struct level at, struct err *err) {
    cleanup_fd int from = open_beneath(entry->from, entry->base, O_DIRECTORY);
    if (from < 0 || mkdirat(entry->to, entry->base, 0700))
        return fail(entry, err);
    cleanup_fd int to = openat(entry->to, entry->base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to < 0)
        return fail(entry, err);
    struct level below = {at.depth + 1, at.prefix + strlen(entry->base) + 1};
    return copy_below(c, from, to, below, err) || give_attributes(entry, to, c->shared, err) ? -1 : 0;
}

/* 1 when the file has been copied by another name already, and has this one now; 0 when it has to be copied, as it has
 * if its first name is longer than a path may be. */
static int copy_hard_link(struct copying *c, const struct entry *entry, struct err *err) {
    const char *first = seen_inodes_find(&c->seen, &entry->st);
    if (first && linkat(c->top, first, entry->to, entry->base, 0) == 0)
        return 1;
    /* A host may refuse links to set-user-ID programs (fs.protected_hardlinks): then it becomes two files. */
    if (first)
        return c->shared && errno == EPERM ? 0 : fail(entry, err);
    if (strlen(c->name) < PATH_MAX && seen_inodes_add(&c->seen, &entry->st, c->name))
        return err_set(err, ENOMEM, "no memory for the links of %s", shown(entry->base));
    return 0;
}

static int copy_file(struct copying *c, const struct entry *entry, struct err *err) {
    cleanup_fd int from = open_beneath(entry->from, entry->base, O_NONBLOCK);
    if (from < 0)
        return fail(entry, err);
    cleanup_fd int to = openat(entry->to, entry->base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return fail(entry, err);
    return copy_content(entry, from, to, err) || give_attributes(entry, to, c->shared, err) ? -1 : 0;
}

/* Shares the blocks where the file system can; else holes stay holes. */
static int copy_content(const struct entry *entry, int from, int to, struct err *err) {
    if (ioctl(to, FICLONE, from) == 0)
        return 0;
    for (off_t data = 0, hole;; data = hole) {
        data = lseek(from, data, SEEK_DATA);
        if (data < 0)
            break;
        hole = lseek(from, data, SEEK_HOLE);
        if (hole < 0 || copy_piece(from, to, (uint64_t)data, (uint64_t)hole))
            return fail(entry, err);
    }
    off_t size = errno == ENXIO ? lseek(from, 0, SEEK_END) : -1;
    return size < 0 || ftruncate(to, size) ? fail(entry, err) : 0;
}

static int copy_piece(int from, int to, uint64_t at, uint64_t end) {
    static uint8_t piece[PIECE_BYTES];
    while (at < end) {
        size_t most = end - at < sizeof piece ? (size_t)(end - at) : sizeof piece;
        ssize_t size = pread(from, piece, most, (off_t)at);
        if (size < 0 && errno == EINTR)
            continue;
        if (size == 0) /* it has become shorter */
            return 0;
        if (size < 0 || write_all(to, piece, (size_t)size, at))
            return -1;
        at += (uint64_t)size;
    }
    return 0;
}

static int copy_link(struct copying *c, const struct entry *entry, struct err *err) {
    static char target[PATH_MAX + 1];
    ssize_t size = readlinkat(entry->from, entry->base, target, sizeof target - 1);
    if (size < 0)
        return fail(entry, err);
    target[size] = 0;
    if (symlinkat(target, entry->to, entry->base))
        return fail(entry, err);
    return give_attributes(entry, -1, c->shared, err);
}

/* A device can't be opened on the volume, whose mounts allow none, but it is there. */
static int copy_node(struct copying *c, const struct entry *entry, struct err *err) {
    if (mknodat(entry->to, entry->base, entry->st.st_mode, entry->st.st_rdev) == 0)
        return give_attributes(entry, -1, c->shared, err);
    return c->shared && (errno == EPERM || errno == EOPNOTSUPP) ? 0 : fail(entry, err);
}

/* Owner first, since a change of owner clears set-user-ID and capabilities; time last, since all else changes it.
 * made: descriptor of what was made, or -1 of what can't be opened, which has its mode already */
static int give_attributes(const struct entry *entry, int made, bool shared, struct err *err) {
    struct attributes attributes = {0};
    unsigned refused = 0;
    const struct timespec times[] = {entry->st.st_atim, entry->st.st_mtim};
    if (attributes_read(entry->from, entry->base, &attributes, err)) {
        attributes_free(&attributes);
        return -1;
    }
    int failed = give_owner(entry, made, shared) || (made >= 0 && give_mode(entry, made, shared));
    if (!failed) {
        errno = attributes_write(entry->to, entry->base, &attributes, true, &refused);
        failed = errno ||
                 (made >= 0 ? futimens(made, times) : utimensat(entry->to, entry->base, times, AT_SYMLINK_NOFOLLOW));
    }
    attributes_free(&attributes);
    return failed ? fail(entry, err) : 0;
}

static int give_owner(const struct entry *entry, int made, bool shared) {
    uid_t uid = entry->st.st_uid;
    gid_t gid = entry->st.st_gid;
    int failed = made >= 0 ? fchown(made, uid, gid) : fchownat(entry->to, entry->base, uid, gid, AT_SYMLINK_NOFOLLOW);
    return failed && shared && (errno == EPERM || errno == EINVAL || errno == EOVERFLOW) ? 0 : failed;
}

/* The jail of the VMM lets no box make a set-user-ID program on the host. */
static int give_mode(const struct entry *entry, int made, bool shared) {
    int failed = fchmod(made, entry->st.st_mode & 07777);
    return failed && shared && errno == EPERM ? fchmod(made, entry->st.st_mode & 01777) : failed;
}

/* Nothing that is mounted there, and no link's end. */
static int open_beneath(int directory, const char *base, int flags) {
    struct open_how how = {.flags = (uint64_t)(unsigned)(O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, directory, base, &how, sizeof how);
}

/* The names of the entry at hand and of the directories it is in. */
static int set_name(struct copying *c, size_t prefix, const char *base, struct err *err) {
    size_t wanted = prefix + strlen(base) + 2;
    if (wanted > c->name_size) {
        char *grown = realloc(c->name, wanted * 2);
        if (!grown)
            return err_set(err, ENOMEM, "no memory for a name");
        c->name = grown;
        c->name_size = wanted * 2;
    }
    if (prefix)
        c->name[prefix - 1] = '/';
    memcpy(c->name + prefix, base, strlen(base) + 1);
    return 0;
}

static int fail(const struct entry *entry, struct err *err) {
    return err_errno(err, "can't copy %s to the volume", shown(entry->base));
}
