#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"

/* landlock(7); by value, since older headers lack the later ones. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum { VERSION_FLAG = 1, RULE_PATH_BENEATH = 1 };

enum {
    EXECUTE = 1 << 0,
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    READ_DIR = 1 << 3,
    MAKE_CHAR = 1 << 6,
    MAKE_BLOCK = 1 << 11,
    TRUNCATE = 1 << 14,
    IOCTL_DEV = 1 << 15,
};
enum { FIRST_WITH_REFER = 2, FIRST_WITH_TRUNCATE, FIRST_WITH_TCP, FIRST_WITH_IOCTL_DEV, FIRST_WITH_SCOPES };

#define ALL_OF(highest) (((uint64_t)1 << ((highest) + 1)) - 1)
#define READ_ONLY (EXECUTE | READ_FILE | READ_DIR)
#define OF_A_FILE (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)
#define TCP 3    /* bind, connect */
#define SCOPES 3 /* abstract sockets, signals */

struct ruleset {
    uint64_t file_system, network, scopes;
};

/* As the kernel packs it. */
struct path_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static uint64_t known_rights(int version);
static int allow_paths(const struct jail *jail, int rules, struct err *err);
static int allow_files(const struct jail *jail, int rules, uint64_t known, struct err *err);
static int allow(int rules, int fd, uint64_t rights);

int landlock_restrict(struct jail *jail, struct err *err) {
    if (!(jail->walls & BL_WALL_LANDLOCK))
        return 0;
    int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
    if (version < 0)
        return err_errno(err, "this kernel has no Landlock");
    struct ruleset handled = {.file_system = known_rights(version)};
    if (version >= FIRST_WITH_TCP)
        handled.network = TCP;
    if (version >= FIRST_WITH_SCOPES)
        handled.scopes = SCOPES;
    cleanup_fd int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (rules < 0)
        return err_errno(err, "can't make the VMM's Landlock rules");
    if (allow_paths(jail, rules, err) || allow_files(jail, rules, handled.file_system, err))
        return -1;
    const struct config *config = jail->config;
    /* The kernel refuses what is not a right of a directory's or file's, so each share's rights are the whole set. */
    uint64_t of_shares = handled.file_system & ~(uint64_t)(EXECUTE | MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV);
    if (config->share_count && allow(rules, config->share_fd, of_shares))
        return err_errno(err, "can't allow the VMM its volumes");
    if (*config->preload && allow(rules, PRELOAD_FD, EXECUTE | READ_FILE))
        return err_errno(err, "can't allow the VMM its interposer");
    return syscall(SYS_landlock_restrict_self, rules, 0) ? err_errno(err, "can't restrict the VMM by Landlock") : 0;
}

static uint64_t known_rights(int version) {
    int highest = version >= FIRST_WITH_IOCTL_DEV  ? 15
                  : version >= FIRST_WITH_TRUNCATE ? 14
                  : version >= FIRST_WITH_REFER    ? 13
                                                   : 12;
    return ALL_OF(highest);
}

/* Devices among them are those that anybody may write to. */
static int allow_paths(const struct jail *jail, int rules, struct err *err) {
    for (uint32_t i = 0; i < jail->config->root_count; i++) {
        const char *path = jail->config->roots[i];
        struct stat st;
        cleanup_fd int fd = open(path, O_PATH | O_CLOEXEC);
        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
            continue;
        if (fd < 0 || fstat(fd, &st))
            return err_errno(err, "look at %.150s", path);
        uint64_t rights = READ_ONLY;
        if (S_ISCHR(st.st_mode))
            rights = READ_FILE | WRITE_FILE;
        else if (!S_ISDIR(st.st_mode))
            rights &= OF_A_FILE;
        if (allow(rules, fd, rights))
            return err_errno(err, "can't allow the VMM %.150s", path);
    }
    return 0;
}

/* QEMU opens some of its descriptors again, by /proc/self/fd. */
static int allow_files(const struct jail *jail, int rules, uint64_t known, struct err *err) {
    for (uint32_t i = 0; i < jail->config->file_count; i++) {
        const struct passed_file *file = &jail->config->files[i];
        struct stat st;
        if (fstat(file->fd, &st))
            return err_errno(err, "look at %.150s", file->path);
        uint64_t rights = S_ISDIR(st.st_mode)                 ? READ_DIR
                          : file->flags == BL_SHIM_FILE_WRITE ? READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV
                                                              : READ_FILE;
        if (allow(rules, file->fd, rights & known))
            return err_errno(err, "can't allow the VMM %.150s", file->path);
    }
    return 0;
}

static int allow(int rules, int fd, uint64_t rights) {
    struct path_beneath beneath = {.allowed = rights, .parent = fd};
    return (int)syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &beneath, 0);
}
