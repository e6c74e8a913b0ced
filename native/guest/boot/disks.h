#ifndef BOXLITE_GUEST_DISKS_H
#define BOXLITE_GUEST_DISKS_H

#include "../../common/err.h"

/* Before the template is taken: the shortest way through the block layer, since the host schedules and caches
 * anyway, and each line of the guest's code costs its translation where there is no hardware to run it. */
void disks_prepare(void);

/* Finds the disks by serial ("image", "disk"; never by order) and mounts the box's root file system at
 * ROOT_OVERLAY: the skeleton below the image below the writable disk. */
int disks_mount(struct err *err);

/* Mounts the ext4 of the disk with this serial. options: besides those of all of them, with a comma before each. */
int disks_mount_writable(const char *serial, const char *target, const char *options, struct err *err);

/* Mounts the EROFS of the disk with this serial. */
int disks_mount_read_only(const char *serial, const char *target, struct err *err);

/* Writes everything back, so that a VM that ends without notice loses little. */
int disks_sync(struct err *err);

/* Writes everything back and takes the root file system apart. What is busy is at least made read-only
 * after a sync, so that no written byte is lost. */
void disks_unmount(void);
/* The same of one file system. */
void disks_unmount_one(const char *target);

#endif
