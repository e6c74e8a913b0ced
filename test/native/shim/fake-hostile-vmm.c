/* Stands in for a QEMU under the control of its guest, and tries what volumes must prevent. Usage: fake-hostile-vmm
 * SHARES OUTSIDE, a descriptor of the shares' tree (0 writable, 1 read-only), and a file of the host's root. It writes
 * a line for each attempt into the writable share's file "report", and exits with status 7. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { ENDED_STATUS = 7, FAILED_STATUS = 8, FCHMODAT2 = 452 };

static FILE *report;

static void tell(const char *what, long result) {
    fprintf(report, "%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "allowed");
}

static void copy_line(const char *path, const char *begins) {
    char line[256];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, begins, strlen(begins)) == 0)
            fputs(line, report);
    if (file)
        fclose(file);
}

#ifdef __x86_64__
static sigjmp_buf no_such_gate;

static void leave(int signal) {
    (void)signal;
    siglongjmp(no_such_gate, 1);
}

/* Calls chmod by its number on i386. A kernel without support for 32-bit programs answers with a signal. */
static long call_of_another_machine(void) {
    signal(SIGSEGV, leave);
    volatile long result = -ENOSYS;
    if (sigsetjmp(no_such_gate, 1) == 0)
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(15), "b"(0), "c"(04755) : "memory");
    signal(SIGSEGV, SIG_DFL);
    errno = (int)-result;
    return result;
}
#endif

int main(int argc, char **argv) {
    if (argc != 3)
        return FAILED_STATUS;
    int tree = atoi(argv[1]);
    /* No other directory of the host is open, so a relative path leads into the tree. */
    if (fchdir(tree))
        return FAILED_STATUS;
    report = fopen("0/report", "w");
    if (!report)
        return FAILED_STATUS;

    tell("write a read-only file", open("1/file", O_WRONLY));
    tell("make a file in a read-only share", open("1/new", O_WRONLY | O_CREAT, 0644));
    tell("make a file in the tree", open("new", O_WRONLY | O_CREAT, 0644));
    tell("remount", syscall(SYS_mount, NULL, "1", NULL, MS_REMOUNT | MS_BIND, NULL));
    struct mount_attr writable = {.attr_clr = MOUNT_ATTR_RDONLY};
    tell("mount_setattr", syscall(SYS_mount_setattr, AT_FDCWD, "1", 0, &writable, sizeof writable));
    tell("open_tree", syscall(SYS_open_tree, AT_FDCWD, "1", OPEN_TREE_CLONE));
    tell("umount", syscall(SYS_umount2, "1", 0));
    tell("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS));
    tell("clone", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
    tell("clone3", syscall(SYS_clone3, NULL, 0));
    tell("mknod", mknod("0/device", S_IFCHR | 0666, makedev(1, 3)));

    int plain = open("0/plain", O_RDWR | O_CREAT, 0755);
    tell("chmod", chmod("0/plain", 04755));
    tell("fchmod", fchmod(plain, 02755));
    tell("fchmodat", syscall(SYS_fchmodat, AT_FDCWD, "0/plain", 06755));
    tell("fchmodat2", syscall(FCHMODAT2, AT_FDCWD, "0/plain", 04755, 0));
    tell("open", syscall(SYS_openat, AT_FDCWD, "0/open", O_WRONLY | O_CREAT, 04755));
    tell("O_TMPFILE", syscall(SYS_openat, AT_FDCWD, "0", O_WRONLY | O_TMPFILE, 04755));
    tell("creat", creat("0/creat", 02755));
    struct open_how how = {.flags = O_WRONLY | O_CREAT, .mode = 04755};
    tell("openat2", syscall(SYS_openat2, AT_FDCWD, "0/openat2", &how, sizeof how));
    tell("mknodat", mknodat(AT_FDCWD, "0/mknodat", S_IFREG | 04755, 0));
    tell("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
    static const char set_uid_of_root[20] = {0, 0, 0, 2, (char)0x80};
    tell("file capability", setxattr("0/plain", "security.capability", set_uid_of_root, 20, 0));
#ifdef __x86_64__
    tell("call of another machine", call_of_another_machine());
#endif
    tell("outside", open(argv[2], O_RDONLY));
    struct stat st;
    tell("chmod of its own", chmod("0/plain", 0700));
    fprintf(report, "mode %o\n", stat("0/plain", &st) ? 0 : st.st_mode & 07777u);
    copy_line("/proc/self/status", "CapEff:");
    copy_line("/proc/self/status", "CapBnd:");
    copy_line("/proc/self/status", "NoNewPrivs:");
    fclose(report);
    return ENDED_STATUS;
}
