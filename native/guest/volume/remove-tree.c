#include "remove-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../archive/copy/copy-tree.h"
#include "../../archive/outcome/shown.h"
#include "../../archive/pack/directory-names.h"
#include "../../common/cleanup.h"

/* Deeper than any copy, which stands in a directory of its own. */
enum { MOST_DEPTH = 2 * COPY_MOST_DEPTH };

static int remove_entry(int directory, const char *name, unsigned depth, struct err *err);
static int remove_below(int directory, const char *name, unsigned depth, struct err *err);

int remove_tree(int directory, const char *name, struct err *err) { return remove_entry(directory, name, 0, err); }

static int remove_entry(int directory, const char *name, unsigned depth, struct err *err) {
    if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
        return 0;
    /* A directory: EISDIR on Linux, EPERM by POSIX. */
    if (errno != EISDIR && errno != EPERM)
        return err_errno(err, "can't remove %s", shown(name));
    if (remove_below(directory, name, depth, err))
        return -1;
    return unlinkat(directory, name, AT_REMOVEDIR) ? err_errno(err, "can't remove %s", shown(name)) : 0;
}

static int remove_below(int directory, const char *name, unsigned depth, struct err *err) {
    struct directory_names names = {0};
    if (depth == MOST_DEPTH)
        return err_set(err, ELOOP, "can't remove %s: it is too deep", shown(name));
    cleanup_fd int below = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below < 0)
        return err_errno(err, "can't open %s", shown(name));
    /* For a host's user who may not write to it otherwise. */
    if (fchmod(below, 0700) && errno != EPERM)
        return err_errno(err, "can't change %s", shown(name));
    int failed = directory_names_read(below, &names, err);
    for (size_t i = 0; !failed && i < names.count; i++)
        failed = remove_entry(below, names.names[i], depth + 1, err);
    directory_names_free(&names);
    return failed;
}
