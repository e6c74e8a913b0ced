#include "empty-root.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Any directory that every host has. */
#define PLACE "/proc"

static bool may_be_tried(int namespaces, bool keeps_user);
static int enter(int namespaces, bool keeps_user);

void empty_root_enter(int namespaces, bool keeps_user) {
    namespaces |= CLONE_NEWNS;
    if (may_be_tried(namespaces, keeps_user))
        (void)enter(namespaces, keeps_user);
}

/* A filter that we run under, of a container or a service, may not refuse a call but kill whoever makes it. */
static bool may_be_tried(int namespaces, bool keeps_user) {
    if (prctl(PR_GET_SECCOMP) == 0)
        return true;
    pid_t child = fork();
    if (child == 0)
        _exit(enter(namespaces, keeps_user) ? 1 : 0);
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && status == 0;
}

/* The old root is taken away with all that is mounted on it, so that this process keeps no file system of the host's in
 * use. Where it can't be, as in an initramfs, it is out of reach: nobody gets back without a right or a directory. */
static int enter(int namespaces, bool keeps_user) {
    if (unshare(namespaces) && (!keeps_user || unshare(namespaces | CLONE_NEWUSER)))
        return -1;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("empty", PLACE, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,nr_inodes=1,mode=555") ||
        chdir(PLACE))
        return -1;
    if (syscall(SYS_pivot_root, ".", "."))
        return chroot(".");
    return umount2(".", MNT_DETACH) || chdir("/") ? -1 : 0;
}
