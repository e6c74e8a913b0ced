/*
 * Prints all metadata of a tree, one line a name, in byte order, so that the host's view of a directory and a box's
 * view of its root can be compared as text.
 *   list-tree DIRECTORY [NAME-AT-THE-TOP-TO-LEAVE-OUT ...]
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 16 };

struct names {
    char **at;
    size_t count;
};

/* Files with several names, each with its first name. */
static struct link {
    dev_t dev;
    ino_t ino;
    char *first;
} *links;
static size_t link_count;

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void add(struct names *names, const char *name) {
    if ((names->count & (names->count - 1)) == 0) {
        size_t room = names->count == 0 ? 1 : names->count * 2;
        names->at = realloc(names->at, room * sizeof(*names->at));
    }
    names->at[names->count] = strdup(name);
    if (names->at[names->count++] == NULL)
        err(1, "memory");
}

static void sort(struct names *names) {
    if (names->count > 0)
        qsort(names->at, names->count, sizeof(*names->at), by_bytes);
}

static void release(struct names *names) {
    for (size_t i = 0; i < names->count; i++)
        free(names->at[i]);
    free(names->at);
}

static void print_bytes(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte > ' ' && byte < 0x7f && byte != '%')
            putchar(byte);
        else
            printf("%%%02x", byte);
    }
}

/* FNV-1a suffices to detect mistakes; nobody constructs collisions here. */
static void print_content(int fd, const char *path) {
    static unsigned char buffer[1 << 18];
    uint64_t hash = 0xcbf29ce484222325;
    ssize_t got;
    while ((got = read(fd, buffer, sizeof(buffer))) > 0)
        for (ssize_t i = 0; i < got; i++)
            hash = (hash ^ buffer[i]) * 0x100000001b3;
    if (got < 0)
        err(1, "read %s", path);
    printf(" content=%016" PRIx64, hash);
}

static void print_link_target(int parent, const char *name, const char *path) {
    static char target[TEXT_MAX];
    ssize_t length = readlinkat(parent, name, target, sizeof(target));
    if (length < 0)
        err(1, "readlink %s", path);
    printf(" target=");
    print_bytes(target, (size_t)length);
}

/* The labels of the host's security module do not belong to an image. */
static bool is_host_label(const char *name) { return strcmp(name, "security.selinux") == 0; }

static void print_xattrs(int parent, const char *name, const char *path) {
    static char list[TEXT_MAX], value[TEXT_MAX];
    char where[PATH_MAX];
    struct names names = {0};
    if (parent == AT_FDCWD)
        snprintf(where, sizeof(where), "%s", name);
    else
        snprintf(where, sizeof(where), "/proc/self/fd/%d/%s", parent, name);
    ssize_t length = llistxattr(where, list, sizeof(list));
    if (length < 0 && errno != ENOTSUP)
        err(1, "listxattr %s", path);
    for (const char *each = list; each < list + length; each += strlen(each) + 1)
        if (!is_host_label(each))
            add(&names, each);
    sort(&names);
    for (size_t i = 0; i < names.count; i++) {
        ssize_t bytes = lgetxattr(where, names.at[i], value, sizeof(value));
        if (bytes < 0)
            err(1, "getxattr %s %s", path, names.at[i]);
        putchar(' ');
        print_bytes(names.at[i], strlen(names.at[i]));
        putchar('=');
        print_bytes(value, (size_t)bytes);
    }
    release(&names);
}

static void print_first_name(const struct stat *st, const char *path) {
    for (size_t i = 0; i < link_count; i++)
        if (links[i].dev == st->st_dev && links[i].ino == st->st_ino) {
            printf(" same-as=");
            print_bytes(links[i].first, strlen(links[i].first));
            return;
        }
    links = realloc(links, (link_count + 1) * sizeof(*links));
    if (links == NULL)
        err(1, "memory");
    links[link_count++] = (struct link){st->st_dev, st->st_ino, strdup(path)};
}

static void list(int parent, const char *name, const char *path, struct names *skip);

static void list_below(int fd, const char *path, struct names *skip) {
    struct names names = {0};
    struct dirent *entry;
    DIR *directory = fdopendir(fd);
    if (directory == NULL)
        err(1, "opendir %s", path);
    while ((entry = readdir(directory)) != NULL) {
        bool skipped = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        for (size_t i = 0; skip != NULL && i < skip->count; i++)
            skipped = skipped || strcmp(entry->d_name, skip->at[i]) == 0;
        if (!skipped)
            add(&names, entry->d_name);
    }
    sort(&names);
    for (size_t i = 0; i < names.count; i++) {
        char *below;
        if (asprintf(&below, "%s/%s", path, names.at[i]) < 0)
            err(1, "memory");
        list(fd, names.at[i], below, NULL);
        free(below);
    }
    release(&names);
    closedir(directory);
}

static void list(int parent, const char *name, const char *path, struct names *skip) {
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        err(1, "stat %s", path);
    print_bytes(path, strlen(path));
    printf(" mode=%06o ids=%u:%u mtime=%" PRId64 ".%09ld", st.st_mode, st.st_uid, st.st_gid, (int64_t)st.st_mtim.tv_sec,
           st.st_mtim.tv_nsec);
    int fd = -1;
    if (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)) {
        fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            err(1, "open %s", path);
    }
    if (!S_ISDIR(st.st_mode)) {
        printf(" size=%" PRId64 " links=%ju", (int64_t)st.st_size, (uintmax_t)st.st_nlink);
        if (st.st_nlink > 1)
            print_first_name(&st, path);
    }
    if (S_ISREG(st.st_mode))
        print_content(fd, path);
    if (S_ISLNK(st.st_mode))
        print_link_target(parent, name, path);
    if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
        printf(" device=%u:%u", major(st.st_rdev), minor(st.st_rdev));
    print_xattrs(parent, name, path);
    putchar('\n');
    if (S_ISDIR(st.st_mode))
        list_below(fd, path, skip);
    else if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv) {
    if (argc < 2)
        errx(2, "which directory?");
    /* The recursion holds one descriptor for each level. */
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    struct names skip = {0};
    for (int i = 2; i < argc; i++)
        add(&skip, argv[i]);
    list(AT_FDCWD, argv[1], ".", &skip);
    return fflush(stdout) == 0 ? 0 : 1;
}
