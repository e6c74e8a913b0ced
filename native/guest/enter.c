#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/cleanup.h"
#include "../protocol/protocol.h"
#include "make-path.h"
#include "root.h"
#include "stage.h"

enum { DEFAULT_SHM_BYTES = 64 << 20 };

static int resize_shm(uint64_t bytes, struct err *err);
static int bind_files(struct err *err);
static int bind_file(const char *source, const char *target, struct err *err);
static int write_machine_id(const char *id, struct err *err);
static int mount_requested(const struct mount_request *request, struct err *err);

int enter_box(const struct bootstrap *message, struct err *err) {
    if (sethostname(message->hostname, strlen(message->hostname)))
        return err_errno(err, "can't set the hostname");
    if ((message->flags & BL_BOX_PRIVILEGED) && stage_build(true, err))
        return -1;
    cleanup_fd int old_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (old_root < 0 || chdir(ROOT_OVERLAY) || syscall(SYS_pivot_root, ".", "."))
        return err_errno(err, "can't pivot into the box's root");

    /* From here absolute paths are the box's, whatever links the image holds; relative ones are the agent's. */
    if (fchdir(old_root))
        return err_errno(err, "can't reach the agent's root");
    static const char *const trees[] = {"stage/proc", "stage/sys", "stage/dev"};
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
        if (mount_at(trees[i], trees[i] + strlen("stage"), NULL, MS_MOVE, NULL, err))
            return -1;
    if (resize_shm(message->shm_bytes, err) || bind_files(err) || write_machine_id(message->machine_id, err))
        return -1;
    for (uint32_t i = 0; i < message->mount_count; i++)
        if (mount_requested(&message->mounts[i], err))
            return -1;
    if (umount2(".", MNT_DETACH) || chdir("/"))
        return err_errno(err, "can't let go of the agent's root");
    /* What the agent does with its own copies from now on is none of the box's business. */
    if (mount_at(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL, err))
        return -1;
    if (message->flags & BL_BOX_READ_ONLY_ROOT)
        return mount_at(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL, err);
    return 0;
}

static int resize_shm(uint64_t bytes, struct err *err) {
    char options[64];
    if (!bytes || bytes == DEFAULT_SHM_BYTES)
        return 0;
    snprintf(options, sizeof options, "size=%llu", (unsigned long long)bytes);
    return mount_at(NULL, "/dev/shm", NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, options, err);
}

static int bind_files(struct err *err) {
    if (bind_file("files/hosts", "/etc/hosts", err) || bind_file("files/hostname", "/etc/hostname", err))
        return -1;
    return bind_file("files/resolv.conf", "/etc/resolv.conf", err);
}

/* The skeleton has each target, unless the image's own is a link to what does not exist. */
static int bind_file(const char *source, const char *target, struct err *err) {
    if (mount(source, target, NULL, MS_BIND, NULL) == 0)
        return 0;
    if (errno != ENOENT || make_file_at_link(target))
        return err_errno(err, "can't mount over %s", target);
    return mount_at(source, target, NULL, MS_BIND, NULL, err);
}

/* An image that has none sees the skeleton's. An empty one is Debian's way of asking to be given one. */
static int write_machine_id(const char *id, struct err *err) {
    struct stat st;
    if (lstat("/etc/machine-id", &st) || !S_ISREG(st.st_mode) || st.st_size)
        return 0;
    char line[MACHINE_ID_BYTES + 2];
    memcpy(line, id, MACHINE_ID_BYTES);
    memcpy(line + MACHINE_ID_BYTES, "\n", 2);
    return write_file("/etc/machine-id", line, err);
}

static int mount_requested(const struct mount_request *request, struct err *err) {
    if (request->kind != BL_MOUNT_TMPFS)
        return err_set(err, EOPNOTSUPP, "this guest agent can't mount a host directory at %.150s", request->target);
    if (make_path(request->target, err))
        return -1;
    return mount_at("tmpfs", request->target, "tmpfs", request->flags, request->options, err);
}
