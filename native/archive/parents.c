#include "parents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/cleanup.h"
#include "beneath.h"
#include "outcome.h"
#include "shown.h"

enum { IMPLIED_MODE = 0755 };

static int make_all(int root, char *name);

int parents_open(struct parents *parents, const char *name, const char **base, struct err *err) {
    const char *slash = strrchr(name, '/');
    size_t length = slash ? (size_t)(slash - name) : 0;
    *base = slash ? slash + 1 : name;
    if (parents->fd >= 0 && strlen(parents->name) == length && memcmp(parents->name, name, length) == 0)
        return parents->fd;
    parents_free(parents);
    parents->name = strndup(name, length);
    if (!parents->name)
        return err_set(err, ENOMEM, "no memory for a name");
    parents->fd = open_beneath(parents->root, parents->name);
    if (parents->fd < 0 && errno == ENOENT && make_all(parents->root, parents->name) == 0)
        parents->fd = open_beneath(parents->root, parents->name);
    if (parents->fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return err_set(err, OUTCOME(BL_COPY_NOT_DIRECTORY), "%s: a file or a link is where it needs a directory",
                       shown(name));
    struct stat st;
    if (parents->fd < 0 || fstat(parents->fd, &st))
        return err_errno(err, "can't open the directory of %s", shown(name));
    parents->set_group = st.st_mode & S_ISGID;
    return parents->fd;
}

void parents_free(struct parents *parents) {
    if (parents->fd >= 0)
        close(parents->fd);
    free(parents->name);
    parents->fd = -1;
    parents->name = NULL;
}

/* Archives may leave directories out. */
static int make_all(int root, char *name) {
    for (char *slash = strchr(name, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = 0;
        char *last = strrchr(name, '/');
        char *parent = last ? strndup(name, (size_t)(last - name)) : strdup("");
        cleanup_free char *owned = parent;
        cleanup_fd int directory = parent ? open_beneath(root, parent) : -1;
        int failed = directory < 0 || (mkdirat(directory, last ? last + 1 : name, IMPLIED_MODE) && errno != EEXIST);
        if (slash)
            *slash = '/';
        if (failed || !slash)
            return failed ? -1 : 0;
    }
}
