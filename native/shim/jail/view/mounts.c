#include "mounts.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../../common/cleanup.h"

/* By number: the C library's header for these conflicts with the kernel's, and older libraries lack them. */

int mounts_make_tree(const char *place, struct err *err) {
    if (syscall(SYS_mount, "jail", place, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=1m"))
        return err_errno(err, "can't mount a tree for the VMM");
    int tree = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return tree < 0 ? err_errno(err, "can't open the tree of the VMM") : tree;
}

int mounts_clone(int directory, const char *path) {
    return (int)syscall(SYS_open_tree, directory, path,
                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
}

int mounts_restrict(int mount, unsigned attributes, int user_namespace) {
    struct mount_attr attr = {.attr_set = attributes};
    if (user_namespace >= 0) {
        attr.attr_set |= MOUNT_ATTR_IDMAP;
        attr.userns_fd = (unsigned)user_namespace;
    }
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr);
}

int mounts_put(int mount, int tree, const char *name, enum mount_place place) {
    if (place == MOUNT_DIRECTORY) {
        if (mkdirat(tree, name, 0755))
            return -1;
    } else {
        cleanup_fd int file = openat(tree, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (file < 0)
            return -1;
    }
    return (int)syscall(SYS_move_mount, mount, "", tree, name, MOVE_MOUNT_F_EMPTY_PATH);
}

int mounts_make_read_only(int root) {
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    return (int)syscall(SYS_mount_setattr, root, "", AT_EMPTY_PATH, &attr, sizeof attr);
}
