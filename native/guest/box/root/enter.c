#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../../common/cleanup.h"
#include "../../../protocol/protocol.h"
#include "../../system/console.h"
#include "../../system/in-root.h"
#include "../../system/root.h"
#include "device-nodes.h"
#include "mounts.h"
#include "sysctls.h"

enum { DEFAULT_SHM_BYTES = 64 << 20 };

/* What the agent provides in the box, and where. The files come first: a link of the image to /dev/null then leads to
 * the image's own, not to the device, which would become that file for every program. */
static const struct place {
    const char *source, *target;
    bool directory;
} places[] = {
    {ROOT_FILES "/hosts", "/etc/hosts", false},
    {ROOT_FILES "/hostname", "/etc/hostname", false},
    {ROOT_FILES "/resolv.conf", "/etc/resolv.conf", false},
    {ROOT_STAGE "/proc", "/proc", true},
    {ROOT_STAGE "/sys", "/sys", true},
    {ROOT_STAGE "/dev", "/dev", true},
};

static int configure(const struct bootstrap *message, const struct entered *entered, const int *disks, struct err *err);
static int set_up_shm(const struct bootstrap *message, struct err *err);
static int make_files_read_only(const struct entered *entered, struct err *err);
static int take_tree(const struct place *place, int *tree, struct err *err);
static int leave_agent_root(struct err *err);
static int put_tree(const struct place *place, int *tree, struct err *err);
static int write_machine_id(const char *id, struct err *err);
static void close_all(int *descriptors, size_t count);

int enter_root(struct entered *entered, struct err *err) {
    enum { COUNT = sizeof places / sizeof *places };
    int trees[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        trees[i] = -1;
    int failed = 0;
    for (size_t i = 0; !failed && i < COUNT; i++)
        failed = take_tree(&places[i], &trees[i], err);
    failed = failed || leave_agent_root(err);
    for (size_t i = 0; !failed && i < COUNT; i++)
        failed = put_tree(&places[i], &trees[i], err);
    if (failed) {
        close_all(trees, COUNT);
        return -1;
    }
    memcpy(entered->files, trees, sizeof entered->files);
    close_all(trees + ENTERED_FILES, COUNT - ENTERED_FILES);
    /* Later mounts of the agent must not reach the box. */
    return mount_at(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL, err);
}

int enter_box(const struct bootstrap *message, struct entered *entered, const int *disks, struct err *err) {
    int failed = configure(message, entered, disks, err);
    close_all(entered->files, ENTERED_FILES);
    return failed;
}

static int configure(const struct bootstrap *message, const struct entered *entered, const int *disks,
                     struct err *err) {
    if (sethostname(message->hostname, strlen(message->hostname)))
        return err_errno(err, "can't set the hostname");
    if (setdomainname(message->domainname, strlen(message->domainname)))
        return err_errno(err, "can't set the domain name");
    bool read_only = message->flags & BL_BOX_READ_ONLY_ROOT;
    if (sysctls_write(message, err) || set_up_shm(message, err) || write_machine_id(message->machine_id, err) ||
        device_nodes_make(message, err))
        return -1;
    /* After the machine's id, which a link of the image may have made one of these files. */
    if (read_only && make_files_read_only(entered, err))
        return -1;
    if (mounts_make(message, disks, err))
        return -1;
    if (read_only)
        return mount_at(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL, err);
    return 0;
}

static int set_up_shm(const struct bootstrap *message, struct err *err) {
    char options[64];
    if (message->flags & BL_BOX_NO_SHM)
        return umount2("/dev/shm", MNT_DETACH) ? err_errno(err, "can't unmount /dev/shm") : 0;
    if (!message->shm_bytes || message->shm_bytes == DEFAULT_SHM_BYTES)
        return 0;
    snprintf(options, sizeof options, "size=%llu", (unsigned long long)message->shm_bytes);
    return mount_at(NULL, "/dev/shm", NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, options, err);
}

/* They are mounts of their own, which the root's attribute does not reach. Volumes come later and have attributes of
 * their own. */
static int make_files_read_only(const struct entered *entered, struct err *err) {
    for (size_t i = 0; i < ENTERED_FILES; i++)
        if (entered->files[i] >= 0 && mount_make_read_only(entered->files[i]))
            return err_errno(err, "can't make the files of /etc read-only");
    return 0;
}

static int take_tree(const struct place *place, int *tree, struct err *err) {
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (place->directory ? AT_RECURSIVE : 0u);
    *tree = (int)syscall(SYS_open_tree, AT_FDCWD, place->source, flags);
    return *tree < 0 ? err_errno(err, "can't clone the mount %s", place->source) : 0;
}

/* Before any name of the box is resolved: while the agent's root lies over the box's, ".." leads into it. */
static int leave_agent_root(struct err *err) {
    if (chdir(ROOT_OVERLAY) || syscall(SYS_pivot_root, ".", "."))
        return err_errno(err, "can't pivot into the box's root");
    if (umount2(".", MNT_DETACH) || chdir("/"))
        return err_errno(err, "can't unmount the agent's root");
    return 0;
}

/* An earlier run may have removed the place, or put a link there. Where a file can't be mounted, as over a directory or
 * below a file, the box starts without it: otherwise nobody could start it again or copy its files out. */
static int put_tree(const struct place *place, int *tree, struct err *err) {
    struct stat box, found;
    cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int at = in_root_open(root, place->target, place->directory, err);
    if (at < 0 && !place->directory) {
        complain("%s", err->msg);
        close_all(tree, 1);
        return 0;
    }
    if (at < 0)
        return -1;
    if (fstat(root, &box) || fstat(at, &found))
        return err_errno(err, "can't look at %s", place->target);
    if (box.st_dev == found.st_dev && box.st_ino == found.st_ino)
        return err_set(err, EINVAL, "can't mount at %s, which leads to the box's root", place->target);
    if (syscall(SYS_move_mount, *tree, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
        return err_errno(err, "can't mount at %s", place->target);
    return 0;
}

/* An image that has none sees the skeleton's. An empty file is Debian's way to ask for one. */
static int write_machine_id(const char *id, struct err *err) {
    struct stat st;
    char line[MACHINE_ID_BYTES + 2];
    int length = snprintf(line, sizeof line, "%.*s\n", MACHINE_ID_BYTES, id);
    cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int found = in_root_at(root, "/etc/machine-id", O_PATH | O_NOFOLLOW);
    if (found < 0 || fstat(found, &st) || !S_ISREG(st.st_mode) || st.st_size)
        return 0;
    cleanup_fd int file = in_root_at(root, "/etc/machine-id", O_WRONLY | O_NOFOLLOW);
    if (file < 0 || write(file, line, (size_t)length) != length)
        return err_errno(err, "can't write /etc/machine-id");
    return 0;
}

static void close_all(int *descriptors, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (descriptors[i] >= 0)
            close(descriptors[i]);
        descriptors[i] = -1;
    }
}
