#include "shadow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../volume/remove-tree.h"

/* A name takes about 1 KiB of the kernel's memory, so the shadow takes at most a sixteenth of the machine's. */
enum { BYTES_FOR_A_NAME = 16384, PLACE_BITS = 16, MOST_USES = UINT16_MAX };

struct names {
    char **all;
    size_t count, room;
};

static struct watched *watched_at(struct shadow *shadow, const char *path);
static int add_name(struct names *names, const char *name);
static void free_names(struct names *names);
static int compare(const void *a, const void *b);
static int take_names(int directory, struct names *names, bool again);
static int take_name(const char *name, bool directory, bool again);
static int remove_others(int shadow, const struct names *names);

int shadow_tree(struct err *err) {
    struct sysinfo memory;
    char most[24];
    if (sysinfo(&memory))
        return err_errno(err, "can't ask for the memory");
    snprintf(most, sizeof most, "%llu", (unsigned long long)memory.totalram * memory.mem_unit / BYTES_FOR_A_NAME);
    cleanup_fd int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "nr_inodes", most, 0) ||
        syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
        return err_errno(err, "can't make a tmpfs");
    int root = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
    return root < 0 ? err_errno(err, "can't mount a tmpfs") : root;
}

int shadow_directory(const struct shadow *shadow, const char *path) {
    cleanup_fd int at = openat(shadow->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    char name[NAME_MAX + 1];
    while (at >= 0) {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        if (length == 0)
            return take_fd(&at);
        if (length > NAME_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, path, length);
        name[length] = 0;
        path += length;
        if (fchdir(at) || (take_name(name, true, false) && errno != EEXIST))
            return -1;
        int below = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close(at);
        at = below;
    }
    return -1;
}

int shadow_make(const char *name, bool directory) {
    return directory ? mkdir(name, 0700) : mknod(name, S_IFREG | 0600, 0);
}

/* Most directories are empty when their turn comes, as on the host: then nothing but their removal is seen of it. */
void shadow_remove(int directory, const char *path) {
    struct err ignored;
    if (unlinkat(directory, path, 0) && errno == EISDIR && unlinkat(directory, path, AT_REMOVEDIR))
        remove_tree(directory, path, &ignored);
}

void shadow_prune(struct shadow *shadow, const char *directory, const char *file) {
    char path[PATH_MAX], above[PATH_MAX];
    size_t length = strlen(directory);
    while (length && directory[length - 1] == '/')
        length--;
    if (length >= sizeof path)
        return;
    snprintf(path, sizeof path, "%.*s", (int)length, directory);
    cleanup_fd int at = openat(shadow->root, *path ? path : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*file && at >= 0 && !watched_at(shadow, path))
        unlinkat(at, file, 0);
    while (*path && !watched_at(shadow, path)) {
        const char *slash = strrchr(path, '/');
        snprintf(above, sizeof above, "%.*s", slash ? (int)(slash - path) : 0, path);
        const struct watched *parent = watched_at(shadow, above);
        if ((parent && parent->listed) || unlinkat(shadow->root, path, AT_REMOVEDIR))
            return;
        memcpy(path, above, strlen(above) + 1);
    }
}

struct watched *shadow_by_id(struct shadow *shadow, uint32_t id) {
    uint32_t place = id & ((1U << PLACE_BITS) - 1);
    return id && place < shadow->count && shadow->watched[place].id == id ? &shadow->watched[place] : NULL;
}

struct watched *shadow_by_inode(struct shadow *shadow, ino_t inode) {
    for (uint32_t i = 0; i < shadow->count; i++)
        if (shadow->watched[i].id && shadow->watched[i].inode == inode)
            return &shadow->watched[i];
    return NULL;
}

struct watched *shadow_add(struct shadow *shadow, int fd, const char *self) {
    struct stat st;
    uint32_t place = 0;
    if (fstatat(fd, self, &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return NULL;
    while (place < shadow->count && shadow->watched[place].id)
        place++;
    if (place == MOST_WATCHED) {
        errno = ENOSPC;
        return NULL;
    }
    if (!shadow->watched && !(shadow->watched = calloc(MOST_WATCHED, sizeof *shadow->watched)))
        return NULL;
    if (place == shadow->count)
        shadow->count++;
    struct watched *watched = &shadow->watched[place];
    /* An id is never 0, and its place can be told from it. */
    uint32_t uses = watched->uses == MOST_USES ? 1 : watched->uses + 1;
    *watched = (struct watched){.id = uses << PLACE_BITS | place, .uses = uses, .fd = fd, .inode = st.st_ino};
    snprintf(watched->self, sizeof watched->self, "%s", self);
    return watched;
}

void shadow_forget(struct watched *watched) {
    close(watched->fd);
    watched->id = 0;
}

bool shadow_is_gone(const struct watched *watched) {
    struct stat st;
    return fstat(watched->fd, &st) || st.st_nlink == 0;
}

int shadow_path(const struct shadow *shadow, int fd, char path[PATH_MAX]) {
    char link[32], root[PATH_MAX], whole[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", shadow->root);
    ssize_t above = readlink(link, root, sizeof root);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, whole, sizeof whole - 1);
    if (above < 0 || size < above || size >= (ssize_t)sizeof whole - 1 || memcmp(whole, root, (size_t)above) != 0) {
        errno = ENOENT;
        return -1;
    }
    whole[size] = 0;
    const char *below = whole + above + strspn(whole + above, "/");
    memcpy(path, below, strlen(below) + 1);
    return 0;
}

int shadow_list(struct watched *watched, int directory, bool again) {
    struct names names = {0};
    int failed = fchdir(watched->fd) || take_names(directory, &names, again) || remove_others(watched->fd, &names);
    free_names(&names);
    if (failed)
        return -1;
    watched->listed = true;
    return 0;
}

static struct watched *watched_at(struct shadow *shadow, const char *path) {
    struct stat st;
    return fstatat(shadow->root, *path ? path : ".", &st, AT_SYMLINK_NOFOLLOW) ? NULL
                                                                               : shadow_by_inode(shadow, st.st_ino);
}

static int take_names(int directory, struct names *names, bool again) {
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream)
        return -1;
    int failed = 0;
    for (struct dirent *entry; !failed && (entry = readdir(stream));) {
        struct stat st;
        bool is_directory = entry->d_type == DT_DIR;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (entry->d_type == DT_UNKNOWN && fstatat(directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            is_directory = S_ISDIR(st.st_mode);
        failed = take_name(entry->d_name, is_directory, again) || add_name(names, entry->d_name);
    }
    closedir(stream);
    return failed ? -1 : 0;
}

static int take_name(const char *name, bool directory, bool again) {
    struct stat st;
    if (shadow_make(name, directory) == 0)
        return 0;
    if (errno != EEXIST || lstat(name, &st))
        return -1;
    if (S_ISDIR(st.st_mode) != directory) {
        shadow_remove(AT_FDCWD, name);
        return shadow_make(name, directory);
    }
    return again && !directory ? truncate(name, 0) : 0;
}

static int remove_others(int shadow, const struct names *names) {
    int fd = openat(shadow, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream)
        return -1;
    if (names->count)
        qsort(names->all, names->count, sizeof *names->all, compare);
    for (struct dirent *entry; (entry = readdir(stream));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (!names->count || !bsearch(&name, names->all, names->count, sizeof *names->all, compare))
            shadow_remove(shadow, name);
    }
    closedir(stream);
    return 0;
}

static int compare(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static int add_name(struct names *names, const char *name) {
    if (names->count == names->room) {
        size_t room = names->room ? 2 * names->room : 64;
        char **all = realloc(names->all, room * sizeof *all);
        if (!all)
            return -1;
        names->all = all;
        names->room = room;
    }
    names->all[names->count] = strdup(name);
    return names->all[names->count++] ? 0 : -1;
}

static void free_names(struct names *names) {
    for (size_t i = 0; i < names->count; i++)
        free(names->all[i]);
    free(names->all);
}
