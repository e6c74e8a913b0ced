#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/console.h"
#include "../system/root.h"
#include "disks.h"

/* The path of the program that the kernel runs for a module; an empty one: none. */
#define HELPER_SETTING "/proc/sys/kernel/modprobe"

static void load_listed(int initramfs);
static void load(int initramfs, const char *path);
static int place_helper(struct err *err);

void modules_load(int initramfs) {
    struct err err;
    load_listed(initramfs);
    if (write_file(HELPER_SETTING, "\n", &err))
        complain("%s", err.msg);
}

static void load_listed(int initramfs) {
    static char list[32768];
    cleanup_fd int fd = openat(initramfs, "modules/list", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* a kernel with everything built in */
    ssize_t size = read(fd, list, sizeof list - 1);
    if (size < 0 || size == (ssize_t)sizeof list - 1) {
        complain("/modules/list can't be read or is too long");
        return;
    }
    list[size] = 0;
    char *save = NULL;
    for (char *path = strtok_r(list, "\n", &save); path; path = strtok_r(NULL, "\n", &save))
        load(initramfs, path + strspn(path, "/"));
}

static void load(int initramfs, const char *path) {
    cleanup_fd int fd = openat(initramfs, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
        complain("module %s: %s", path, strerror(errno));
    unlinkat(initramfs, path, 0);
}

int modules_offer(const char *serial, struct err *err) {
    if (make_directory(ROOT_MODULES, 0755, err) || disks_mount_read_only(serial, ROOT_MODULES, err) ||
        place_helper(err))
        return -1;
    return write_file(HELPER_SETTING, ROOT_MODPROBE "\n", err);
}

/* The kernel starts it in the agent's root, which no box reaches. The initramfs's mount executes nothing, so that no
 * process of the box has the agent's program to execute; this mount of the file alone does. */
static int place_helper(struct err *err) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
                                    .attr_clr = MOUNT_ATTR_NOEXEC};
    if (write_file(ROOT_MODPROBE, "", err))
        return -1;
    cleanup_fd int program = (int)syscall(SYS_open_tree, AT_FDCWD, "/proc/self/exe",
                                          OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (program < 0 || syscall(SYS_mount_setattr, program, "", AT_EMPTY_PATH, &attributes, sizeof attributes) ||
        syscall(SYS_move_mount, program, "", AT_FDCWD, ROOT_MODPROBE, MOVE_MOUNT_F_EMPTY_PATH))
        return err_errno(err, "can't place the kernel's helper for modules");
    return 0;
}
