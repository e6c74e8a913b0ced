#include "device-nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../../common/cleanup.h"
#include "../../system/in-root.h"

static int make_node(const struct device_request *device, struct err *err);

int device_nodes_make(const struct bootstrap *message, struct err *err) {
    for (uint32_t i = 0; i < message->device_count; i++)
        if (*message->devices[i].path && make_node(&message->devices[i], err))
            return -1;
    return 0;
}

static int make_node(const struct device_request *device, struct err *err) {
    const char *slash = strrchr(device->path, '/');
    char parent[128];
    if (strncmp(device->path, "/dev/", 5) || !slash[1] || (size_t)(slash - device->path) >= sizeof parent)
        return err_set(err, EINVAL, "a device can't be at %.150s", device->path);
    memcpy(parent, device->path, (size_t)(slash - device->path));
    parent[slash - device->path] = 0;

    cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int directory = in_root_open(root, parent, true, err);
    if (directory < 0)
        return -1;
    mode_t kind = device->kind == BL_DEVICE_BLOCK ? S_IFBLK : S_IFCHR;
    /* A privileged box's /dev has it already. */
    if (unlinkat(directory, slash + 1, 0) && errno != ENOENT)
        return err_errno(err, "can't make %.150s", device->path);
    mode_t before = umask(0);
    int failed = mknodat(directory, slash + 1, kind | (device->mode & 0777), makedev(device->major, device->minor));
    umask(before);
    return failed ? err_errno(err, "can't make %.150s", device->path) : 0;
}
