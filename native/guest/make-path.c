#include "make-path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/cleanup.h"
#include "root.h"

static int make_parents(char *path, struct err *err);

int make_path(const char *path, struct err *err) {
    char copy[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof copy)
        return err_set(err, ENAMETOOLONG, "a directory's path is too long");
    memcpy(copy, path, length + 1);
    return make_parents(copy, err) ? -1 : make_directory(copy, 0755, err);
}

int make_file_at_link(const char *path) {
    char target[PATH_MAX];
    ssize_t size = readlink(path, target, sizeof target - 1);
    if (size < 0)
        return -1;
    target[size] = 0;
    /* A relative link counts from its own directory. */
    cleanup_fd int from = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct err ignored;
    if (from < 0 || before < 0 || fchdir(from))
        return -1;
    int made = make_parents(target, &ignored);
    cleanup_fd int file = made ? -1 : open(target, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
    int failed = made || file < 0;
    return fchdir(before) || failed ? -1 : 0;
}

static int make_parents(char *path, struct err *err) {
    for (char *slash = strchr(path + strspn(path, "/"), '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int failed = make_directory(path, 0755, err);
        *slash = '/';
        if (failed)
            return -1;
    }
    return 0;
}
