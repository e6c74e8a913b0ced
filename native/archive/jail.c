#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/cleanup.h"
#include "../common/landlock.h"
#include "../common/seccomp.h"

/* The code bounds all that it keeps of an archive, to less than this; of a tree it keeps the names of a directory and
 * those of files with several. A bound that is missing then fails here for want of memory, and does not take the
 * host's. */
#define MOST_MEMORY ((rlim_t)256 << 20)

#define OPENAT2 437

static const int needed[] = {
    SYS_read,       SYS_write,        SYS_readv,          SYS_writev,          SYS_pread64,
    SYS_pwrite64,   SYS_lseek,        SYS_sendfile,       SYS_copy_file_range, SYS_openat,
    OPENAT2,        SYS_fchdir,       SYS_close,          SYS_fcntl,           SYS_fstat,
    SYS_newfstatat, SYS_statx,        SYS_fstatfs,        SYS_getdents64,      SYS_readlinkat,
    SYS_mkdirat,    SYS_mknodat,      SYS_symlinkat,      SYS_linkat,          SYS_unlinkat,
    SYS_fchmod,     SYS_fchmodat,     SYS_fchown,         SYS_fchownat,        SYS_utimensat,
    SYS_ftruncate,  SYS_fallocate,    SYS_fadvise64,      SYS_fsync,           SYS_syncfs,
    SYS_lsetxattr,  SYS_lgetxattr,    SYS_llistxattr,     SYS_setxattr,        SYS_getxattr,
    SYS_listxattr,  SYS_fsetxattr,    SYS_fgetxattr,      SYS_flistxattr,      SYS_ioctl,
    SYS_umask,      SYS_geteuid,      SYS_getegid,        SYS_getuid,          SYS_getgid,
    SYS_ppoll,      SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,    SYS_prctl,
    SYS_brk,        SYS_mmap,         SYS_munmap,         SYS_mremap,          SYS_mprotect,
    SYS_madvise,    SYS_futex,        SYS_getrandom,      SYS_clock_gettime,   SYS_restart_syscall,
    SYS_exit,       SYS_exit_group,
#if defined(__x86_64__)
    SYS_open,       SYS_stat,         SYS_lstat,          SYS_readlink,        SYS_chmod,
    SYS_getdents,
#endif
};

static int bound_memory(struct err *err);
static int restrict_files(const char *const *argv, uint32_t count, struct err *err);
static int allow_all(const struct landlock *landlock, const char *const *argv, uint32_t count, struct err *err);
static int allow(const struct landlock *landlock, const char *path, uint64_t rights, struct err *err);
static char *place_of(const char *path);
static int filter_calls(struct err *err);

int jail_enter(const char *const *argv, uint32_t count, struct err *err) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return err_errno(err, "can't renounce new privileges");
    return bound_memory(err) || restrict_files(argv, count, err) || filter_calls(err) ? -1 : 0;
}

static int bound_memory(struct err *err) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_DATA, &limit))
        return err_errno(err, "can't read the limit of the memory");
    if (limit.rlim_cur <= MOST_MEMORY) /* RLIM_INFINITY is the highest */
        return 0;
    limit.rlim_cur = MOST_MEMORY;
    return setrlimit(RLIMIT_DATA, &limit) ? err_errno(err, "can't limit the memory") : 0;
}

static int restrict_files(const char *const *argv, uint32_t count, struct err *err) {
    struct landlock landlock = {0};
    if (landlock_begin(&landlock))
        return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM ? 0 : err_errno(err, "can't use Landlock");
    if (allow_all(&landlock, argv, count, err)) {
        close(landlock.rules);
        return -1;
    }
    return landlock_enforce(&landlock) ? err_errno(err, "can't use Landlock") : 0;
}

static int allow_all(const struct landlock *landlock, const char *const *argv, uint32_t count, struct err *err) {
    enum { READ = LANDLOCK_READ_FILE | LANDLOCK_READ_DIR };
    const uint64_t write = (uint64_t)LANDLOCK_ALL & ~(uint64_t)(LANDLOCK_EXECUTE | LANDLOCK_IOCTL_DEV);
    const char *path = argv[count - 1];
    const char *within = count > 3 && strcmp(argv[1], "within") == 0 ? argv[2] : NULL;
    if (strcmp(argv[0], "pack") == 0)
        return allow(landlock, within ? within : "/", READ, err);
    if (strcmp(argv[0], "copy") == 0)
        return allow(landlock, argv[1], READ, err) || allow(landlock, path, write, err) ? -1 : 0;
    if (within)
        return allow(landlock, within, write, err);
    cleanup_free char *place = place_of(path);
    return place ? allow(landlock, place, write, err) : err_set(err, ENOMEM, "no memory");
}

/* What is missing is for the command to tell. */
static int allow(const struct landlock *landlock, const char *path, uint64_t rights, struct err *err) {
    cleanup_fd int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && landlock_allow(landlock, fd, rights) ? err_errno(err, "can't use Landlock") : 0;
}

/* A directory that is there is unpacked into; everything else is made, or replaced, in its parent. */
static char *place_of(const char *path) {
    struct stat st;
    char *copy = strdup(path);
    if (!copy || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
        return copy;
    size_t n = strlen(copy);
    while (n && copy[n - 1] == '/')
        n--;
    while (n && copy[n - 1] != '/')
        n--;
    copy[n] = 0;
    if (n)
        return copy;
    free(copy);
    return strdup(".");
}

static int filter_calls(struct err *err) {
    static const struct sock_filter first[] = {LOAD_CALL}, allowed = ALLOW, refused = ANSWER(ENOSYS);
    enum { HEAD = sizeof first / sizeof *first, CALLS = sizeof needed / sizeof *needed };
    static struct sock_filter rules[HEAD + 2 * CALLS + 1];
    unsigned short count = 0;
    for (size_t i = 0; i < HEAD; i++)
        rules[count++] = first[i];
    for (size_t i = 0; i < CALLS; i++) {
        rules[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)needed[i], 0, 1);
        rules[count++] = allowed;
    }
    rules[count++] = refused;
    const struct sock_fprog program = {.len = count, .filter = rules};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) ? err_errno(err, "can't filter the system calls")
                                                                      : 0;
}
