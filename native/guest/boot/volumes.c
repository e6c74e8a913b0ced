#include "volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/root.h"
#include "../volume/volume-place.h"
#include "../volume/volume-tree.h"
#include "disks.h"
#include "modules.h"

enum { MOST_VOLUMES = 8 };

/* What is damaged is not damaged further: its programs get EROFS until the next box mounts it. */
#define NOT_FURTHER ",errors=remount-ro"

/* The serials of those that are mounted. */
static char mounted[MOST_VOLUMES][VOLUME_SERIAL_BYTES];
static unsigned mounted_count;

static int take_volume(const struct mount_request *request, struct err *err);
static int take_modules(const struct mount_request *request, struct err *err);
static int tree_of(const char *place, const struct mount_request *request, struct err *err);
static int mount_volume(const struct mount_request *request, struct err *err);
static bool is_image(const struct mount_request *request);
static bool is_mounted(const char *serial);

int volumes_mount(const struct bootstrap *message, struct passed *mounts, struct err *err) {
    mounts->count = 0;
    for (uint32_t i = 0; i < message->mount_count; i++) {
        const struct mount_request *request = &message->mounts[i];
        if (!volume_is_disk(request))
            continue;
        int tree = request->kind == BL_MOUNT_MODULES ? take_modules(request, err) : take_volume(request, err);
        if (tree < 0)
            return -1;
        mounts->fds[mounts->count++] = tree;
    }
    return 0;
}

static int take_volume(const struct mount_request *request, struct err *err) {
    if (!is_mounted(request->source) && mount_volume(request, err))
        return -1;
    return tree_of(volume_place(request->source, is_image(request) ? "" : VOLUME_DATA), request, err);
}

static int take_modules(const struct mount_request *request, struct err *err) {
    return modules_offer(request->source, err) ? -1 : tree_of(ROOT_MODULES, request, err);
}

static int tree_of(const char *place, const struct mount_request *request, struct err *err) {
    cleanup_fd int root = open(place, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (root < 0)
        return err_errno(err, "can't open the volume for %.150s", request->target);
    return volume_tree(root, request, err);
}

static int mount_volume(const struct mount_request *request, struct err *err) {
    struct err why;
    if (!volume_serial_is_sound(request->source) || mounted_count == MOST_VOLUMES)
        return err_set(err, EINVAL, "no disk for volume %.64s", request->options);
    if (make_directory(volume_place(request->source, ""), 0700, err))
        return -1;
    const char *place = volume_place(request->source, "");
    if (is_image(request) ? disks_mount_read_only(request->source, place, &why)
                          : disks_mount_writable(request->source, place, NOT_FURTHER, &why))
        return err_set(err, why.code, "%s %.64s: %.150s", is_image(request) ? "image" : "volume", request->options,
                       why.msg);
    strcpy(mounted[mounted_count++], request->source);
    return is_image(request) ? 0 : make_directory(volume_place(request->source, VOLUME_DATA), 0755, err);
}

static bool is_image(const struct mount_request *request) { return request->kind == BL_MOUNT_IMAGE; }

static bool is_mounted(const char *serial) {
    for (unsigned i = 0; i < mounted_count; i++)
        if (strcmp(mounted[i], serial) == 0)
            return true;
    return false;
}

void volumes_close(struct passed *mounts) {
    while (mounts->count)
        close(mounts->fds[--mounts->count]);
}

void volumes_unmount(void) {
    while (mounted_count)
        disks_unmount_one(volume_place(mounted[--mounted_count], ""));
}
