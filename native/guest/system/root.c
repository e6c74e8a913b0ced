#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "console.h"

static int mount_basics(struct err *err);
static int make_places(struct err *err);

int root_set_up(struct err *err) {
    umask(022);
    int initramfs = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (initramfs < 0)
        return err_errno(err, "can't open the initramfs");
    if (make_directory("/new", 0755, err) || mount_at("tmpfs", "/new", "tmpfs", MS_NOSUID, "mode=755", err))
        return -1;
    if (chdir("/new") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
        return err_errno(err, "can't change to the agent's root");
    if (mount_basics(err))
        return -1;
    console_open();
    if (make_places(err))
        return -1;
    return initramfs;
}

int root_seal_initramfs(int initramfs, struct err *err) {
    cleanup_fd int sealed = initramfs;
    if (fchdir(sealed))
        return err_errno(err, "can't go to the initramfs");
    if (mount_at(NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, err))
        return -1;
    return chdir("/") ? err_errno(err, "can't leave the initramfs") : 0;
}

static int mount_basics(struct err *err) {
    unsigned long quiet = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (make_directory("/proc", 0755, err) || make_directory("/sys", 0755, err) || make_directory("/dev", 0755, err) ||
        make_directory(ROOT_CGROUP, 0755, err))
        return -1;
    if (mount_at("proc", "/proc", "proc", quiet, NULL, err) || mount_at("sysfs", "/sys", "sysfs", quiet, NULL, err) ||
        mount_at("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=755", err))
        return -1;
    return mount_at("cgroup2", ROOT_CGROUP, "cgroup2", quiet, NULL, err);
}

static int make_places(struct err *err) {
    static const char *const places[] = {
        ROOT_IMAGE, ROOT_DISK,   ROOT_SKELETON, ROOT_SKELETON "/etc", ROOT_SKELETON "/proc", ROOT_SKELETON "/sys",
        ROOT_FILES, ROOT_SHARED, ROOT_STAGE,    ROOT_TERMINALS,       ROOT_SKELETON "/dev",  ROOT_VOLUMES,
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (make_directory(places[i], 0755, err))
            return -1;
    /* Everything is private but this one place, so that little has to be copied into the box's namespace. */
    if (mount_at(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL, err) ||
        mount_at(ROOT_SHARED, ROOT_SHARED, NULL, MS_BIND, NULL, err) ||
        mount_at(NULL, ROOT_SHARED, NULL, MS_SHARED, NULL, err) || make_directory(ROOT_OVERLAY, 0755, err))
        return -1;
    /* A devpts of the box's own: the agent opens the masters here, the box sees it as /dev/pts. */
    return mount_at("devpts", ROOT_TERMINALS, "devpts", MS_NOSUID | MS_NOEXEC,
                    "newinstance,ptmxmode=0666,mode=0620,gid=5", err);
}

int mount_at(const char *source, const char *target, const char *type, unsigned long flags, const char *options,
             struct err *err) {
    if (mount(source, target, type, flags, options) == 0)
        return 0;
    return type ? err_errno(err, "can't mount %s at %.150s", type, target)
                : err_errno(err, "can't set up the mount at %.150s", target);
}

int make_directory(const char *path, unsigned mode, struct err *err) {
    if (mkdir(path, (mode_t)mode) && errno != EEXIST)
        return err_errno(err, "can't make directory %.150s", path);
    return 0;
}

int write_file(const char *path, const char *text, struct err *err) {
    cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    size_t size = strlen(text);
    if (fd < 0 || write(fd, text, size) != (ssize_t)size)
        return err_errno(err, "can't write %.150s", path);
    return 0;
}
