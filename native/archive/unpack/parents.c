#include "parents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../outcome/outcome.h"
#include "../outcome/shown.h"
#include "beneath.h"

enum { IMPLIED_MODE = 0755 };

static int open_or_make(int from, char *name);
static int step(int from, const char *name);

int parents_open(struct parents *parents, const char *name, const char **base, struct err *err) {
    const char *slash = strrchr(name, '/');
    size_t length = slash ? (size_t)(slash - name) : 0;
    *base = slash ? slash + 1 : name;
    if (parents->fd >= 0 && strlen(parents->name) == length && memcmp(parents->name, name, length) == 0)
        return parents->fd;
    size_t known = parents->fd >= 0 ? strlen(parents->name) : 0;
    bool below = known && known < length && memcmp(parents->name, name, known) == 0 && name[known] == '/';
    cleanup_free char *whole = strndup(name, length);
    if (!whole)
        return err_set(err, ENOMEM, "no memory for a name");
    int fd = below ? open_or_make(parents->fd, whole + known + 1) : open_or_make(parents->root, whole);
    int why = errno;
    cleanup_fd int before = parents->fd;
    dev_t device = parents->device;
    parents->fd = -1;
    parents_free(parents);
    parents->fd = fd;
    parents->name = whole;
    whole = NULL;
    errno = why;
    if (parents->fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return err_set(err, OUTCOME(BL_COPY_NOT_DIRECTORY), "%s: a file or a link is where it needs a directory",
                       shown(name));
    struct stat st;
    if (parents->fd < 0 || fstat(parents->fd, &st))
        return err_errno(err, "can't open the directory of %s", shown(name));
    parents->set_group = st.st_mode & S_ISGID;
    parents->device = st.st_dev;
    if (parents->sync && before >= 0 && st.st_dev != device && syncfs(before))
        return err_errno(err, "can't write back what came before %s", shown(name));
    return parents->fd;
}

void parents_free(struct parents *parents) {
    if (parents->fd >= 0)
        close(parents->fd);
    free(parents->name);
    parents->fd = -1;
    parents->name = NULL;
}

/* Archives may leave directories out. Each is made in the one before it, which stays open: a name of thousands of
 * components takes time in proportion to them. */
static int open_or_make(int from, char *name) {
    int directory = open_beneath(from, name);
    if (directory >= 0 || errno != ENOENT)
        return directory;
    directory = open_beneath(from, "");
    for (char *next = name; directory >= 0 && next;) {
        char *slash = strchr(next, '/');
        if (slash)
            *slash = 0;
        cleanup_fd int parent = directory;
        directory = step(parent, next);
        if (slash)
            *slash = '/';
        next = slash ? slash + 1 : NULL;
    }
    return directory;
}

static int step(int from, const char *name) {
    int directory = open_beneath(from, name);
    if (directory >= 0 || errno != ENOENT)
        return directory;
    return mkdirat(from, name, IMPLIED_MODE) && errno != EEXIST ? -1 : open_beneath(from, name);
}
