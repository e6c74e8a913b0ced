#include "disks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/console.h"
#include "../system/root.h"
#include "mount-points.h"

enum { LAST_DISK = 'h', DEVICE_BYTES = sizeof "/dev/vda" };

static int make_upper(struct err *err);
static int find_disk(const char *serial, char device[DEVICE_BYTES], struct err *err);
static int read_serial(const char *name, char *serial, size_t size);

void disks_prepare(void) {
    static const struct {
        const char *name, *value;
    } settings[] = {
        {"scheduler", "none"}, {"iostats", "0"}, {"nomerges", "2"}, {"wbt_lat_usec", "0"}, {"read_ahead_kb", "1024"}};
    struct err ignored; /* a kernel without one of these works as well */
    for (char letter = 'a'; letter <= LAST_DISK; letter++)
        for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
            char path[64];
            snprintf(path, sizeof path, "/sys/block/vd%c/queue/%s", letter, settings[i].name);
            write_file(path, settings[i].value, &ignored);
        }
}

int disks_mount(struct err *err) {
    if (disks_mount_read_only("image", ROOT_IMAGE, err))
        return -1;
    if (disks_mount_writable("disk", ROOT_DISK, "", err))
        return -1;
    bool points;
    if (make_upper(err) || make_directory(ROOT_DISK "/work", 0700, err) || mount_points_make(&points, err))
        return -1;
    /* metacopy off: a changed file is whole in the upper layer. redirect_dir on: or rename(2) of an image's
     * directory fails with EXDEV. xino on: or a file's device number is not its directory's, and find -xdev
     * leaves the image's files out. index off, as Docker has it. */
#define OTHERS ",upperdir=" ROOT_DISK "/upper,workdir=" ROOT_DISK "/work,metacopy=off,redirect_dir=on,index=off,xino=on"
    const char *layers = points ? "lowerdir=" ROOT_IMAGE ":" ROOT_SKELETON ":" ROOT_POINTS OTHERS
                                : "lowerdir=" ROOT_IMAGE ":" ROOT_SKELETON OTHERS;
    return mount_at("overlay", ROOT_OVERLAY, "overlay", 0, layers, err);
}

int disks_mount_read_only(const char *serial, const char *target, struct err *err) {
    char device[DEVICE_BYTES];
    if (find_disk(serial, device, err))
        return -1;
    return mount_at(device, target, "erofs", MS_RDONLY, NULL, err);
}

/* discard: freed blocks go back to the host's file. noinit_itable: or the kernel writes zeroes over all inode tables in
 * the background, which the host's sparse file holds already. */
int disks_mount_writable(const char *serial, const char *target, const char *options, struct err *err) {
    char device[DEVICE_BYTES];
    if (find_disk(serial, device, err))
        return -1;
    char all[64];
    snprintf(all, sizeof all, "discard,noinit_itable%s", options);
    return mount_at(device, target, "ext4", 0, all, err);
}

/* An overlay's root has the owner and mode of its upper layer's root, so a new upper layer copies those of the
 * image. It gets its name last: a VM that ends half-way must not leave a wrong one behind. */
static int make_upper(struct err *err) {
    static const char unfinished[] = ROOT_DISK "/upper.new";
    if (access(ROOT_DISK "/upper", F_OK) == 0)
        return 0;
    struct stat image;
    if (stat(ROOT_IMAGE, &image))
        return err_errno(err, "can't look at the image's root");
    struct timespec times[] = {image.st_mtim, image.st_mtim};
    if (make_directory(unfinished, 0755, err))
        return -1;
    if (chown(unfinished, image.st_uid, image.st_gid) || chmod(unfinished, image.st_mode & 07777) ||
        utimensat(AT_FDCWD, unfinished, times, 0) || rename(unfinished, ROOT_DISK "/upper"))
        return err_errno(err, "can't make the upper layer like the image's root");
    return 0;
}

static int find_disk(const char *serial, char device[DEVICE_BYTES], struct err *err) {
    for (char letter = 'a'; letter <= LAST_DISK; letter++) {
        char name[4] = {'v', 'd', letter, 0};
        char found[32];
        if (read_serial(name, found, sizeof found) || strcmp(found, serial) != 0)
            continue;
        memcpy(device, "/dev/", 5);
        memcpy(device + 5, name, sizeof name);
        return 0;
    }
    return err_set(err, ENODEV, "the VM has no disk with serial \"%s\"", serial);
}

static int read_serial(const char *name, char *serial, size_t size) {
    char path[] = "/sys/block/vdX/serial";
    memcpy(strrchr(path, 'v'), name, 3);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, serial, size - 1);
    if (n < 0)
        return -1;
    serial[n] = 0;
    serial[strcspn(serial, "\n")] = 0;
    return 0;
}

int disks_sync(struct err *err) {
    cleanup_fd int fd = open(ROOT_DISK, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || syncfs(fd) ? err_errno(err, "can't write the disk back") : 0;
}

void disks_unmount(void) {
    disks_unmount_one(ROOT_OVERLAY);
    disks_unmount_one(ROOT_DISK);
}

void disks_unmount_one(const char *target) {
    if (umount2(target, 0) == 0 || errno == EINVAL || errno == ENOENT)
        return;
    complain("%s is busy: %s", target, strerror(errno));
    sync();
    mount(NULL, target, NULL, MS_REMOUNT | MS_RDONLY, NULL);
}
