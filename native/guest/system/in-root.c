#include "in-root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"

/* Parents and links together; each takes a path's length of the stack. */
enum { MOST_STEPS = 64, MOST_TRIES = 64 };

static int make(int root, const char *path, bool directory, int steps);
static int make_name(int root, int parent, const char *path, size_t parent_length, bool directory, int steps);
static int fail(int code);

int in_root_open(int root, const char *path, bool directory, struct err *err) {
    struct stat st;
    int fd = in_root_at(root, path, O_PATH);
    if (fd < 0 && errno == ENOENT && make(root, path, directory, MOST_STEPS) == 0)
        fd = in_root_at(root, path, O_PATH);
    cleanup_fd int found = fd;
    if (found < 0 || fstat(found, &st))
        return err_errno(err, "can't mount at %.150s", path);
    if (S_ISDIR(st.st_mode) != directory)
        return err_set(err, ENOTDIR, "can't mount at %.150s, which is %s", path, directory ? "a file" : "a directory");
    return take_fd(&found);
}

/* The kernel gives EAGAIN for a path with ".." when something is renamed or mounted meanwhile, anywhere: try again. */
int in_root_at(int root, const char *path, uint64_t flags) {
    struct open_how how = {.flags = O_CLOEXEC | flags, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    int fd = -1;
    for (int tries = 0; fd < 0 && tries < MOST_TRIES; tries++) {
        fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd < 0 && errno != EAGAIN)
            return -1;
    }
    return fd;
}

static int make(int root, const char *path, bool directory, int steps) {
    char parent[PATH_MAX];
    size_t length = strlen(path);
    if (steps == 0)
        return fail(ELOOP);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length && path[length - 1] != '/')
        length--;
    if (length + 2 > sizeof parent)
        return fail(ENAMETOOLONG);
    memcpy(parent, path, length);
    memcpy(parent + length, ".", 2); /* of a name without a slash the root */
    cleanup_fd int fd = in_root_at(root, parent, O_PATH | O_DIRECTORY);
    if (fd >= 0)
        return make_name(root, fd, path, length, directory, steps);
    if (errno != ENOENT || length < 2)
        return -1;
    parent[length] = 0;
    if (make(root, parent, true, steps - 1))
        return -1;
    cleanup_fd int made = in_root_at(root, parent, O_PATH | O_DIRECTORY);
    return made < 0 ? -1 : make_name(root, made, path, length, directory, steps);
}

static int make_name(int root, int parent, const char *path, size_t parent_length, bool directory, int steps) {
    char name[NAME_MAX + 1], target[PATH_MAX], link[PATH_MAX];
    size_t length = strcspn(path + parent_length, "/");
    if (length >= sizeof name)
        return fail(ENAMETOOLONG);
    memcpy(name, path + parent_length, length);
    name[length] = 0;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    ssize_t size = readlinkat(parent, name, link, sizeof link - 1);
    if (size >= 0) {
        link[size] = 0;
        bool absolute = *link == '/';
        int used = snprintf(target, sizeof target, "%.*s%s", absolute ? 0 : (int)parent_length, path, link);
        return used >= (int)sizeof target ? fail(ENAMETOOLONG) : make(root, target, directory, steps - 1);
    }
    if (directory)
        return mkdirat(parent, name, 0755) && errno != EEXIST ? -1 : 0;
    cleanup_fd int file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    return file < 0 && errno != EEXIST ? -1 : 0;
}

static int fail(int code) {
    errno = code;
    return -1;
}
