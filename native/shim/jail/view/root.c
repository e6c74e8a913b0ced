#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../../common/cleanup.h"
#include "mounts.h"

static int give_paths(const struct jail *jail, int root, struct err *err);
static int give(int root, const char *path, struct err *err);
static int make_parents(int root, const char *path);
static int give_own_descriptors(int root, struct err *err);
static int enter(int root, struct err *err);

int root_begin(struct jail *jail, struct err *err) {
    if (!(jail->walls & BL_WALL_ROOT))
        return 0;
    int root = mounts_make_tree(jail->config->directory, err);
    if (root < 0)
        return -1;
    /* Until it is entered: the VMM's user is another. */
    umask(022);
    jail->root = root;
    return give_paths(jail, root, err) || give_own_descriptors(root, err) ? -1 : 0;
}

int root_enter(struct jail *jail, struct err *err) {
    if (jail->root < 0)
        return 0;
    cleanup_fd int root = take_fd(&jail->root);
    umask(077);
    if (mounts_make_read_only(root))
        return err_errno(err, "can't make the root of the VMM read-only");
    return enter(root, err);
}

static int give_paths(const struct jail *jail, int root, struct err *err) {
    for (uint32_t i = 0; i < jail->config->root_count; i++)
        if (give(root, jail->config->roots[i], err))
            return -1;
    return 0;
}

/* The same at the same place: a link, or a mount that can't be written and gives no privileges. What the host does not
 * have the VMM does not need. */
static int give(int root, const char *path, struct err *err) {
    struct stat st;
    if (lstat(path, &st))
        return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, "look at %.150s", path);
    if (make_parents(root, path))
        return err_errno(err, "can't make a place for %.150s in the VMM's root", path);
    if (S_ISLNK(st.st_mode)) {
        char target[4096];
        ssize_t n = readlink(path, target, sizeof target - 1);
        if (n < 0)
            return err_errno(err, "read the link %.150s", path);
        target[n] = 0;
        return symlinkat(target, root, path + 1) ? err_errno(err, "can't link %.150s in the VMM's root", path) : 0;
    }
    cleanup_fd int mount = mounts_clone(AT_FDCWD, path);
    if (mount < 0)
        return err_errno(err, "can't clone the mount of %.150s", path);
    unsigned attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | (S_ISCHR(st.st_mode) ? 0 : MOUNT_ATTR_NODEV);
    if (mounts_restrict(mount, attributes, -1))
        return err_errno(err, "can't restrict the mount of %.150s", path);
    if (mounts_put(mount, root, path + 1, S_ISDIR(st.st_mode) ? MOUNT_DIRECTORY : MOUNT_FILE))
        return err_errno(err, "can't mount %.150s in the VMM's root", path);
    return 0;
}

static int make_parents(int root, const char *path) {
    char parent[4096];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t n = (size_t)(slash - path) - 1;
        if (n >= sizeof parent) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(parent, path + 1, n);
        parent[n] = 0;
        if (mkdirat(root, parent, 0755) && errno != EEXIST)
            return -1;
    }
    return 0;
}

/* Instead of a /proc, which would tell of other processes, and which a container may not mount: this process's
 * descriptors, through which QEMU reaches the files in volumes. It survives exec, which changes no process id. */
static int give_own_descriptors(int root, struct err *err) {
    cleanup_fd int mount = mounts_clone(AT_FDCWD, "/proc/self/fd");
    if (mount < 0)
        return err_errno(err, "can't clone the mount of /proc/self/fd");
    if (mounts_restrict(mount, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, -1))
        return err_errno(err, "can't restrict the mount of /proc/self/fd");
    if (make_parents(root, "/proc/self/fd") || mounts_put(mount, root, "proc/self/fd", MOUNT_DIRECTORY))
        return err_errno(err, "can't mount /proc/self/fd in the VMM's root");
    return 0;
}

/* The old root is mounted over the new one and then taken away, with all that is below it. */
static int enter(int root, struct err *err) {
    if (fchdir(root) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
        return err_errno(err, "can't enter the VMM's root");
    return 0;
}
