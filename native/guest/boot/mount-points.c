#include "mount-points.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/in-root.h"
#include "../system/root.h"

#define POINTS_WORK ROOT_POINTS "-work"

static const char *const files[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};

static bool image_has_links(void);
static int make_points(struct err *err);

int mount_points_make(bool *made, struct err *err) {
    *made = image_has_links();
    if (!*made)
        return 0;
    /* The overlay as the box will see it, with the new layer as its upper one: a name opened there leads where the
     * image's links lead. */
    if (make_directory(ROOT_POINTS, 0755, err) || make_directory(POINTS_WORK, 0700, err) ||
        mount_at("overlay", ROOT_OVERLAY, "overlay", 0,
                 "lowerdir=" ROOT_IMAGE ":" ROOT_SKELETON ",upperdir=" ROOT_POINTS ",workdir=" POINTS_WORK
                 ",metacopy=off,redirect_dir=off,index=off",
                 err))
        return -1;
    int failed = make_points(err);
    if (umount2(ROOT_OVERLAY, 0))
        return err_errno(err, "can't unmount the image after making its mount points");
    return failed;
}

static bool image_has_links(void) {
    static const char *const names[] = {
        ROOT_IMAGE "/etc",
        ROOT_IMAGE "/etc/hosts",
        ROOT_IMAGE "/etc/hostname",
        ROOT_IMAGE "/etc/resolv.conf",
    };
    struct stat st;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (lstat(names[i], &st) == 0 && S_ISLNK(st.st_mode))
            return true;
    return false;
}

/* A place that can't be made is no failure: the box starts without that file, and enter_root reports it. */
static int make_points(struct err *err) {
    struct err ignored;
    cleanup_fd int root = open(ROOT_OVERLAY, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return err_errno(err, "can't open the image's root");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        cleanup_fd int at = in_root_open(root, files[i], false, &ignored);
        (void)at;
    }
    return 0;
}
