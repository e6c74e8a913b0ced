#include "own-proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"

int own_proc_open(struct err *err) {
    cleanup_fd int context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
    if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
        return err_errno(err, "can't make a proc file system");
    unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    int root = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
    return root < 0 ? err_errno(err, "can't mount a proc file system") : root;
}

int own_proc_write(int root, const char *path, const char *text, struct err *err) {
    struct open_how how = {
        .flags = O_WRONLY | O_CLOEXEC | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
    };
    cleanup_fd int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    size_t size = strlen(text);
    if (fd < 0)
        return err_errno(err, "can't open /proc/%.150s", path);
    ssize_t written = write(fd, text, size);
    if (written != (ssize_t)size)
        return err_set(err, written < 0 ? errno : EIO, "can't write \"%.40s\" to /proc/%.100s: %s", text, path,
                       written < 0 ? strerror(errno) : "only a part of it was taken");
    return 0;
}
