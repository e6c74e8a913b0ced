#include "metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* Owner first, since a change of owner clears set-user-id and capabilities; time last, since everything else changes
 * it. */
int set_metadata(struct unpacking *to, const struct spot *spot, const struct tar_item *item, int file,
                 struct err *err) {
    mode_t mode = metadata_mode(to, item);
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, item->mtime};
    bool chown_it = to->options->owners || to->parents.set_group;
    uid_t uid = to->options->owners ? item->uid : geteuid();
    gid_t gid = to->options->owners ? item->gid : getegid();
    int failed = 0;
    /* Whoever restores a tree is told what is not as it was. */
    if (to->options->owners && !to->options->privileges && item->mode & 06000 && item->kind != TAR_SYMLINK)
        unpacking_warn(to, spot->shown, "its set-user-ID and set-group-ID bits were left out");
    if (chown_it)
        failed = file >= 0 ? fchown(file, uid, gid)
                           : fchownat(spot->directory, spot->base, uid, gid, AT_SYMLINK_NOFOLLOW);
    if (failed && errno == EPERM && geteuid() != 0)
        failed = 0; /* only root may give files away */
    if (!failed && file >= 0 && (mode & 07000 || chown_it || item->kind == TAR_DIRECTORY))
        failed = fchmod(file, mode);
    if (!failed && to->options->attributes) {
        errno = attributes_write(spot->directory, spot->base, &item->attributes, to->options->privileges,
                                 &to->refused_attributes);
        failed = errno ? -1 : 0;
    }
    if (!failed)
        failed = file >= 0 ? futimens(file, times) : utimensat(spot->directory, spot->base, times, AT_SYMLINK_NOFOLLOW);
    return failed ? spot_failed(spot, "set the owner, mode and time of", err) : 0;
}

mode_t metadata_mode(const struct unpacking *to, const struct tar_item *item) {
    return item->mode & (to->options->privileges ? 07777 : 01777);
}
