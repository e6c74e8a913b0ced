/* The agent's own root: where everything the agent and the box's first process mount has its place. */
#ifndef BOXLITE_GUEST_ROOT_H
#define BOXLITE_GUEST_ROOT_H

#include "../../common/err.h"

#define ROOT_CGROUP "/cgroup"               /* cgroup2 */
#define ROOT_OUTER_CGROUP "/cgroup/outer"   /* above the box's: what the box must not change */
#define ROOT_BOX_CGROUP "/cgroup/outer/box" /* the box's part of it, all that it sees */
#define ROOT_IMAGE "/image"                 /* the image disk, EROFS */
#define ROOT_DISK "/disk"                   /* the writable disk, ext4: upper and work */
#define ROOT_SKELETON "/skeleton"           /* below the image: what every box has even if its image does not */
#define ROOT_POINTS "/points"               /* below that: mount points that the image's links lead to, if any do */
#define ROOT_SHARED "/shared"               /* the one place whose mounts reach the box's mount namespace */
#define ROOT_OVERLAY "/shared/box"          /* the box's root file system */
#define ROOT_FILES "/files"                 /* hosts, hostname, resolv.conf, bound over the image's */
#define ROOT_TERMINALS "/terminals"         /* the box's devpts */
#define ROOT_VOLUMES "/volumes"             /* the box's disk volumes, each ext4, and images, each EROFS */
#define ROOT_MODULES "/modules"             /* kernel modules, EROFS, of a box that may load some */
#define ROOT_MODPROBE "/modprobe"           /* the agent's program, as what the kernel runs to ask for one */
#define ROOT_STAGE "/stage"                 /* the box's /proc, /sys and /dev, ready to be moved into place */

/* Leaves the initramfs's root for a tmpfs with the places above, /proc, /sys and /dev. A box's root can be
 * pivoted into only from a root that is itself mounted on something, which the initramfs's is not.
 * Returns a descriptor of the initramfs's root, or -1. */
int root_set_up(struct err *err);
/* Closes it. What is left there, the agent's own program, can then neither be written to nor executed: a box reaches
 * it as /proc/self/exe of a process that is about to become a command. */
int root_seal_initramfs(int initramfs, struct err *err);

/* mount(2) whose failure names the target. */
int mount_at(const char *source, const char *target, const char *type, unsigned long flags, const char *options,
             struct err *err);
/* mkdir(2); one that is there already is fine. */
int make_directory(const char *path, unsigned mode, struct err *err);
/* Makes or overwrites a small file. */
int write_file(const char *path, const char *text, struct err *err);

#endif
