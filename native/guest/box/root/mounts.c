#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../../common/cleanup.h"
#include "../../../protocol/protocol.h"
#include "../../system/console.h"
#include "../../system/in-root.h"
#include "../../system/root.h"
#include "../../volume/copy-up.h"
#include "../../volume/volume-tree.h"

/* In the box's own /dev, a tmpfs of the agent's, where no link of the image's is in the way; it is gone before main
 * starts. */
#define SHARE_PLACE "/dev/.share"

/* One file can't include both the C library's header for it and the kernel's for the newer calls. */
enum { DETACH = 2 };

static int take_volumes(const struct bootstrap *message, const int *disks, int *trees, struct err *err);
static int mount_share(struct err *err);
static int unmount_share(struct err *err);
static int take_share(const struct mount_request *request, struct err *err);
static int fill_volumes(const struct bootstrap *message, const int *trees, struct err *err);
static int fill_volume(const struct mount_request *request, int image_root, int tree, struct err *err);
static int mount_all(const struct bootstrap *message, const int *trees, struct err *err);
static int mount_volume(const struct mount_request *request, int tree, struct err *err);
static int mount_tmpfs(const struct mount_request *request, struct err *err);
static int open_target(const char *path, bool directory, struct err *err);
static int put(int mount, int target, const char *path, struct err *err);
static uint64_t attributes_of(uint32_t flags);

/* A copy-up takes what the image has, not what another volume has there: so all of them come before the first mount. */
int mounts_make(const struct bootstrap *message, const int *disks, struct err *err) {
    int trees[MAX_MOUNTS];
    for (uint32_t i = 0; i < message->mount_count; i++)
        trees[i] = -1;
    int failed = take_volumes(message, disks, trees, err) || fill_volumes(message, trees, err) ||
                 mount_all(message, trees, err);
    for (uint32_t i = 0; i < message->mount_count; i++)
        if (trees[i] >= 0)
            close(trees[i]);
    return failed ? -1 : 0;
}

static int take_volumes(const struct bootstrap *message, const int *disks, int *trees, struct err *err) {
    bool shares = false;
    for (uint32_t i = 0; i < message->mount_count; i++)
        shares = shares || message->mounts[i].kind == BL_MOUNT_SHARE;
    if (shares && mount_share(err))
        return -1;
    for (uint32_t i = 0; i < message->mount_count; i++) {
        const struct mount_request *request = &message->mounts[i];
        if (volume_is_disk(request))
            trees[i] = *disks++;
        else if (request->kind == BL_MOUNT_SHARE && (trees[i] = take_share(request, err)) < 0)
            return -1;
    }
    return shares ? unmount_share(err) : 0;
}

/* cache=mmap: only mapped pages are cached, so that the box sees at once what the host changes. msize: the most that
 * the transport takes; with a small one each read takes many round trips. */
static int mount_share(struct err *err) {
    static const char options[] = "trans=virtio,version=9p2000.L,msize=512000,cache=mmap";
    if (make_directory(SHARE_PLACE, 0700, err))
        return -1;
    return mount_at("share", SHARE_PLACE, "9p", MS_NOSUID | MS_NODEV, options, err);
}

/* The mounts that were made of it stay. */
static int unmount_share(struct err *err) {
    if (syscall(SYS_umount2, SHARE_PLACE, DETACH) || rmdir(SHARE_PLACE))
        return err_errno(err, "can't unmount " SHARE_PLACE);
    return 0;
}

static int take_share(const struct mount_request *request, struct err *err) {
    char path[sizeof SHARE_PLACE "/" + 16];
    snprintf(path, sizeof path, SHARE_PLACE "/%.15s", request->source);
    cleanup_fd int volume = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (volume < 0)
        return err_errno(err, "can't find the volume for %.150s", request->target);
    return volume_tree(volume, request, err);
}

static int fill_volumes(const struct bootstrap *message, const int *trees, struct err *err) {
    cleanup_fd int image_root = -1;
    for (uint32_t i = 0; i < message->mount_count; i++) {
        if (!message->mounts[i].copy_up || trees[i] < 0)
            continue;
        /* Without what the agent has mounted in it. */
        if (image_root < 0)
            image_root = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (image_root < 0)
            return err_errno(err, "can't clone the mount of the box's root");
        if (fill_volume(&message->mounts[i], image_root, trees[i], err))
            return -1;
    }
    return chdir("/") ? err_errno(err, "can't go to the box's root") : 0;
}

static int fill_volume(const struct mount_request *request, int image_root, int tree, struct err *err) {
    cleanup_fd int image = in_root_at(image_root, request->target, O_RDONLY | O_DIRECTORY);
    cleanup_fd int volume = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* The image has no such directory, or the volume is a file: there is nothing to copy. */
    if (image < 0 || volume < 0)
        return 0;
    struct err why;
    if (copy_up(image, volume, request->kind == BL_MOUNT_SHARE, &why) == 0)
        return 0;
    return err_set(err, why.code, "volume %.64s for %.64s: %.120s", request->options, request->target, why.msg);
}

static int mount_all(const struct bootstrap *message, const int *trees, struct err *err) {
    for (uint32_t i = 0; i < message->mount_count; i++) {
        const struct mount_request *request = &message->mounts[i];
        if ((trees[i] >= 0 ? mount_volume(request, trees[i], err) : mount_tmpfs(request, err)) == 0)
            continue;
        /* Nobody asked for these: a box whose image has a file in their place starts without. */
        if (request->kind != BL_MOUNT_MODULES)
            return -1;
        complain("%s", err->msg);
    }
    return 0;
}

static int mount_volume(const struct mount_request *request, int tree, struct err *err) {
    struct stat st;
    /* Set-user-ID works as in any directory of the box; to the host it means nothing. */
    struct mount_attr attributes = {.attr_set = attributes_of(request->flags), .attr_clr = MOUNT_ATTR_NOSUID};
    if (fstat(tree, &st) || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes))
        return err_errno(err, "can't restrict the volume for %.150s", request->target);
    cleanup_fd int target = open_target(request->target, S_ISDIR(st.st_mode), err);
    return target < 0 ? -1 : put(tree, target, request->target, err);
}

static int mount_tmpfs(const struct mount_request *request, struct err *err) {
    struct stat covered;
    bool was_there = stat(request->target, &covered) == 0;
    cleanup_fd int target = open_target(request->target, true, err);
    if (target < 0)
        return -1;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", target);
    if (mount_at("tmpfs", path, "tmpfs", request->flags & ~(uint32_t)MS_RDONLY, request->options, err))
        return err_set(err, err->code, "can't mount a tmpfs at %.100s with \"%.60s\": %s", request->target,
                       request->options, strerror(err->code));
    /* Unless the options have a mode it is that of the directory it covers: /tmp stays what /tmp is. */
    cleanup_fd int mounted = open_target(request->target, true, err);
    if (mounted < 0)
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", mounted);
    if (was_there && !strstr(request->options, "mode=") && chmod(path, covered.st_mode & 07777))
        return err_errno(err, "can't give %.150s its mode", request->target);
    if (!(request->flags & MS_RDONLY))
        return 0;
    if (mount_make_read_only(mounted))
        return err_errno(err, "can't make %.150s read-only", request->target);
    return 0;
}

int mount_make_read_only(int at) {
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    return (int)syscall(SYS_mount_setattr, at, "", AT_EMPTY_PATH, &read_only, sizeof read_only);
}

/* The caller's root is the box's. */
static int open_target(const char *path, bool directory, struct err *err) {
    cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root < 0 ? err_errno(err, "can't open the box's root") : in_root_open(root, path, directory, err);
}

static int put(int mount, int target, const char *path, struct err *err) {
    if (syscall(SYS_move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
        return err_errno(err, "can't mount at %.150s", path);
    return 0;
}

static uint64_t attributes_of(uint32_t flags) {
    return (flags & MS_RDONLY ? MOUNT_ATTR_RDONLY : 0) | (flags & MS_NODEV ? MOUNT_ATTR_NODEV : 0);
}
