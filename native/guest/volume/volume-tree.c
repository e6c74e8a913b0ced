#include "volume-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../archive/outcome/shown.h"
#include "../../common/cleanup.h"
#include "../system/in-root.h"

bool volume_is_disk(const struct mount_request *request) {
    return request->kind == BL_MOUNT_DISK || request->kind == BL_MOUNT_IMAGE || request->kind == BL_MOUNT_MODULES;
}

int volume_tree(int volume, const struct mount_request *request, struct err *err) {
    bool whole = !*request->subpath;
    cleanup_fd int place = whole ? -1 : in_root_at(volume, request->subpath, O_PATH);
    if (!whole && place < 0)
        return err_errno(err, "can't mount \"%.100s\" of %s %.64s at %.64s", shown(request->subpath),
                         request->kind == BL_MOUNT_IMAGE ? "image" : "volume", request->options, request->target);
    int tree = (int)syscall(SYS_open_tree, whole ? volume : place, "",
                            OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    return tree < 0 ? err_errno(err, "can't find the volume for %.150s", request->target) : tree;
}
